"""Pre-active stock is kept between its marks."""

from collections.abc import Sequence
from contextlib import suppress

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from domain.errors import PreactiveError, Stopped
from domain.lifecycle import Kind
from domain.replenish import Fill, ReplenishRequest, lines
from domain.summary import Summary, sum_of
from flows.running import finish, one_at_a_time, rename, run_id, told_flow
from tasks import resources
from tasks.carry_out import log_in, prepare_tags, settle_rest
from tasks.progress import watched
from tasks.replenish import create_from_raw, plan_fill, tell_of_stock
from tasks.report import write_report
from tasks.survey import look_before, read_back, read_back_tags


@flow(name="replenish", flow_run_name="replenish stock", persist_result=False, log_prints=False)
@told_flow
@one_at_a_time
async def replenish(request: ReplenishRequest) -> State[Summary]:
    """Create endpoints from raw SIMs, oldest first, for every mark that stock fell below."""
    names = resources.stocked_accounts(request.account)
    if request.dry_run:
        return Completed(message=f"dry run: {_stock_of(names, request)}; nothing was changed")
    await rename(f"replenish stock · {', '.join(names) or 'no account has marks'}")
    done: list[Summary] = []
    errors: dict[str, PreactiveError] = {}
    for name in names:
        try:
            await _replenish_account(name, request, done)
        except PreactiveError as error:  # another account may do better
            errors[name] = error
            with suppress(PreactiveError):
                tell_of_stock(name)
        if any(one.stopped for one in done):
            break
    words = _stock_of([name for name in names if name not in errors])
    state = finish(sum_of(done, batch="replenish"), [path for one in done for path in one.reports], words=words)
    if errors:
        raise next(iter(errors.values())) if len(names) == 1 else Stopped(" ".join(map(str, errors.values())))
    return state


async def _replenish_account(name: str, request: ReplenishRequest, done: list[Summary]) -> None:
    """Fill up mark after mark: what comes after one in which somebody stops the run is not even planned."""
    async with resources.session(name) as session:
        await log_in(session.name)
        most, used = session.account.max_change, set()
        for mark in resources.marks_of(session):
            if session.stop.is_set():
                break
            fill = await plan_fill(session.name, mark, most, request)
            most -= fill.need.create
            used |= {mark.tag} if fill.need.create else set()
            if fill.change:
                done.append(await _fill_up(session, fill))
        if session.stop.is_set() and not any(one.stopped for one in done):
            done.append(Summary("replenish", run_id(), stopped=True))
        tell_of_stock(session.name, used=used)


async def _fill_up(session: resources.Session, fill: Fill) -> Summary:
    account, change, started, calls = session.name, fill.change, await session.now(), session.calls
    label = f"replenish {fill.need.mark.tag}"
    title = f"{label} · {fill.need.create:,} endpoints · {account}"
    await rename(title)
    async with watched(account, change, title):
        await look_before(account, change, Kind.CREATE)
        await prepare_tags(account, change)
        for first, last in await session.open_positions(change):
            if not await create_from_raw(account, change, first, last):
                break
        await settle_rest(account, change, label)
        await read_back(account, change, Kind.CREATE)
        await read_back_tags(account, change)
    summary = resources.summarise_change(
        session, change, label=label, started=started, calls_before=calls, run=run_id()
    )
    reports = await write_report(account, change, summary, title, f"replenish-{fill.need.mark.tag}-{change}")
    return summary.with_reports(reports)


def _stock_of(names: Sequence[str], request: ReplenishRequest | None = None) -> str:
    """One line on the stock of these accounts as it is now."""
    return "; ".join(lines(resources.needs(names, request))) or "no marks of stock in the settings"
