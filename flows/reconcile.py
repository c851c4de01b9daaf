"""The whole platform account is compared with the store; what differs is listed and, when asked for, repaired."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from domain.errors import PreactiveError
from domain.iccid import mask_iccid, mask_numbers
from domain.reconcile import Comparison
from domain.requests import ReconcileRequest
from domain.summary import Summary
from flows.running import finish, is_stopping, one_at_a_time, rename, run_id, told_flow
from tasks import resources
from tasks.approval import approved
from tasks.bound import is_bounded
from tasks.carry_out import carry_out_chunk, log_in, settle_rest
from tasks.progress import watched
from tasks.reconcile import compare_with_store, plan_repair, repair
from tasks.report import write_report
from tasks.signing import repair_to_sign
from tasks.steps import API_TROUBLE
from tasks.survey import read_back_rest

_SHOWN = 200


@flow(name="reconcile", flow_run_name="reconcile", persist_result=False, log_prints=False)
@told_flow
@one_at_a_time
async def reconcile(request: ReconcileRequest) -> State[Any]:
    """Page the whole account, list what differs from the store, and repair only what was chosen.

    Without an account, every account in use is compared, one after the other.
    """
    if not request.account and request.repair is None and len(names := resources.accounts_in_use()) > 1:
        return await _compare_all(names)
    async with resources.session(request.account) as session:
        found = await _compared(session)
        await rename(f"reconcile {session.name} · {len(found.found):,} differences")
        if request.repair is None:
            return Completed(message=f"{found.sentence()}; nothing was changed")
        plan = plan_repair(request, found, bounded=is_bounded())
        if request.dry_run:
            return Completed(message=f"dry run: {plan.sentence()}; nothing was changed")
        await approved(repair_to_sign(request, plan))
        return await _repair(session, request, found)


async def _compare_all(names: Sequence[str]) -> State[None]:
    """An error on one account is no reason to leave the next alone."""
    said: list[str] = []
    differences = errors = 0
    for name in names:
        if await is_stopping():
            return Failed(message="; ".join([*said, f"stopped before {name}"]))
        try:
            async with resources.session(name) as session:
                found = await _compared(session)
            said.append(f"{name}: {found.sentence()}")
            differences += len(found.found)
        except PreactiveError as error:
            said.append(f"{name}: {error}")
            errors += 1
    await rename(f"reconcile {len(names):,} accounts · {differences:,} differences")
    return (Failed if errors else Completed)(message=f"{'; '.join(said)}; nothing was changed")


async def _compared(session: resources.Session) -> Comparison:
    await log_in(session.name)
    found = await compare_with_store(session.name)
    await _show(session.name, found)
    return found


async def _repair(session: resources.Session, request: ReconcileRequest, found: Comparison) -> State[Summary]:
    account, started = session.name, await session.now()
    change, plan = await repair(request, found)
    title = f"repair {plan.side} · {len(plan.repairs):,} endpoints · {account}"
    if change:
        async with watched(account, change, title):
            for first, last in await session.open_positions(change):
                await carry_out_chunk(account, change, first, last, "repair")
            await settle_rest(account, change, "repair")
            await read_back_rest(account, change)
    count = len(plan.repairs) + plan.left
    summary = resources.summarise_repair(session, change, count, started=started, run=run_id())
    reports = await write_report(account, change, summary, title, f"repair-{plan.side}") if change else []
    return finish(summary, reports)


async def _show(account: str, found: Comparison) -> None:
    """Put the numbers and the first differences where operators see them."""
    rows = [
        {"difference": one.drift.value, "ICCID": mask_iccid(one.iccid), "what": mask_numbers(one.reason)}
        for one in found.found[:_SHOWN]
    ]
    with suppress(*API_TROUBLE):
        title = f"# Reconciliation of {account}"
        await acreate_markdown_artifact(f"{title}\n\n{found.sentence()}", description=f"{account}: {found.sentence()}")
        if rows:
            words = f"Differences on {account}, at most {_SHOWN}; `preactive reconcile` lists all"
            await acreate_table_artifact(rows, description=words)
