"""Pre-active stock is kept between its marks."""

from collections.abc import Sequence
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from domain.events import STOCK_LOW
from domain.lifecycle import Kind
from domain.replenish import Need, ReplenishRequest
from flows.running import told_flow
from tasks import resources
from tasks.carry_out import carry_out_chunk, log_in, prepare_tags, settle_rest
from tasks.events import tell
from tasks.progress import watched
from tasks.replenish import plan_stock
from tasks.survey import look_before, read_back_rest


@flow(name="replenish", flow_run_name="replenish {request.account}", persist_result=False, log_prints=False)
@told_flow
async def replenish(request: ReplenishRequest) -> State[Any]:
    """Create endpoints from raw SIMs, oldest first, for every mark that stock fell below."""
    if request.dry_run:
        return Completed(message=f"dry run: {_words(resources.needs(request.account))}")
    async with resources.session(request.account) as session:
        await log_in(session.name)
        planned = await plan_stock(session.name)
        for need, change in planned:
            if need.create or need.level.coming:
                await _create(session, change, f"replenish {need.mark.tag} · {need.create:,} endpoints")
        _tell_of_low_stock(session.name, [need for need, _ in planned])
        end = Failed if session.stop.is_set() else Completed
        return end(message=_words([need for need, _ in planned]), data=[need for need, _ in planned])


async def _create(session: resources.Session, change: int, title: str) -> None:
    async with watched(session.name, change, title):
        await look_before(session.name, change, Kind.CREATE)
        await prepare_tags(session.name, change)
        for first, last in await session.open_positions(change):
            await carry_out_chunk(session.name, change, first, last, "create and tag")
        await settle_rest(session.name, change, title)
        await read_back_rest(session.name, change)


def _tell_of_low_stock(account: str, needs: Sequence[Need]) -> None:
    """Let automations act where there were not enough raw SIMs to fill stock up."""
    for need in needs:
        if need.warning:
            facts: dict[str, Any] = {"account": account, "tag": need.mark.tag, "group": need.mark.group}
            facts |= {"pre_active": need.level.free, "low": need.mark.low, "sentence": need.sentence()}
            tell(STOCK_LOW, f"preactive.stock.{account}.{need.mark.tag}", facts)


def _words(needs: Sequence[Need]) -> str:
    return "; ".join(need.sentence() for need in needs) or "the account has no marks of stock"
