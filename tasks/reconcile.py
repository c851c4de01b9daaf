"""Compares an account with the store, and repairs what was chosen."""

import asyncio

from domain.errors import NothingSelected, UsageError
from domain.plan import check_size
from domain.reconcile import Comparison, compare
from domain.repair import RepairPlan, choose, plan_repairs
from domain.requests import ReconcileRequest
from tasks import resources
from tasks.bound import bound_of, is_bounded
from tasks.steps import step


def compare_account(account: str) -> Comparison:
    """Compare outside of a run. Nothing is changed."""
    return asyncio.run(_compare(account))


async def _compare(account: str) -> Comparison:
    async with resources.session(account) as session:
        await session.platform.login()
        return await _compared(session)


async def _compared(session: resources.Session) -> Comparison:
    since = (await session.now()).at - session.account.settle_seconds
    listed = session.account.capabilities.lists_stock_as_pre_active
    return await compare(
        session.platform, lambda iccids: resources.held(session.name, iccids, since=since), stock_is_listed=listed
    )


@step("compare", "compare {account} with the store")
async def compare_with_store(account: str) -> Comparison:
    """Compare within a run. Nothing is changed."""
    return await _compared(resources.current(account))


def plan_repair(request: ReconcileRequest, found: Comparison, *, bounded: bool = False) -> RepairPlan:
    """What a request would repair of what was found. `bounded`: see tasks.planning.hold_if_unsafe.

    Raises UsageError, NothingSelected, TooMuchChange.
    """
    _, options = resources.account(request.account)
    if request.repair is None or not (request.only or request.file):
        raise UsageError("A repair needs a side, and --only, --iccid or --file to choose the differences.")
    listed = resources.read_manifest(request.file, options) if request.file is not None else None
    iccids = {row.iccid for row in listed.accepted if row.iccid} if listed is not None else set()
    chosen = choose(found.found, drifts=request.only, iccids=iccids)
    if not chosen:
        raise NothingSelected("None of the differences was chosen; nothing was changed.")
    plan = plan_repairs(chosen, request.repair, options.platform)
    check_size(len(plan.repairs), options, limit=request.limit, bounded=bounded)
    return plan


@step("repair", "repair {request.repair}")
async def repair(request: ReconcileRequest, found: Comparison) -> tuple[int, RepairPlan]:
    """Record what was chosen and plan what follows; returns the bulk change, or 0, and the plan."""
    plan = plan_repair(request, found, bounded=is_bounded())
    session = resources.current(request.account)
    bound = bound_of(session.account, request)
    change = await resources.apply_repairs(session, plan.repairs, bound) if plan.repairs else 0
    return change, plan
