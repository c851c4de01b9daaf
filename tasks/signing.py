"""What two persons must sign: the request is planned on trial, in a transaction that is taken back.

Nothing here needs Prefect. They sign every operation that the run would plan, and the step that plans compares with
just that.
"""

from domain.approval import Bound, Change, Request, Standing
from domain.errors import NotApproved, Unsigned
from domain.lifecycle import Kind
from domain.manifest import Manifest
from domain.options import Account
from domain.repair import RepairPlan
from domain.requests import LifecycleRequest, ProvisionRequest, ReconcileRequest, RetryRequest, SelectionRequest
from domain.selection import check_count
from tasks import resources
from tasks.bound import bound_of, is_bounded
from tasks.planning import hold_if_unsafe, plan_file, plan_selection


def bound_of_file(request: ProvisionRequest, manifest: Manifest, options: Account) -> Bound | None:
    """What the run may create by itself; a signature covers the file as it was read."""
    return bound_of(options, request, manifest.digest, manifest.rows_digest)


def bound_of_selection(request: SelectionRequest, options: Account) -> Bound | None:
    """What the run may change of existing endpoints by itself."""
    return bound_of(options, request, ends=request.kind is Kind.TERMINATE)


def file_to_sign(request: ProvisionRequest) -> Change | None:
    """What must be signed before this file is provisioned, if anything, once all else about it is in order.

    Raises what plan_file and hold_if_unsafe raise.
    """
    if not is_bounded():
        return None
    name, options = resources.account(request.account)
    manifest, plan = plan_file(request)
    hold_if_unsafe(request, manifest, plan, bounded=True)
    unsigned = resources.try_manifest(name, options, manifest, request, bound_of_file(request, manifest, options))
    verb = "create" if plan.creates else "tag"
    return _change(name, unsigned, verb, f"endpoints from {manifest.source_name}")


def selection_to_sign(request: SelectionRequest) -> Change | None:
    """What must be signed before these endpoints are changed, if anything, once all else about it is in order.

    Raises what plan_selection raises, and NotConfirmed.
    """
    name, options = resources.account(request.account)
    bound = bound_of_selection(request, options)
    if bound is None:
        return None
    selected = plan_selection(request, bounded=is_bounded())
    if is_bounded() and isinstance(request, LifecycleRequest) and request.kind is Kind.TERMINATE:
        check_count(selected, request.confirm_count, how="start the run again with {} as its Confirm count")
    group = f" and put into {request.group}" if request.group else ""
    unsigned = resources.try_selection(name, options, request, bound)
    return _change(name, unsigned, request.kind.value, f"endpoints of {request.label}{group}")


def retry_to_sign(request: RetryRequest) -> Change | None:
    """What must be signed before refused operations of this batch are planned again, if anything."""
    name, options = resources.account(request.account)
    bound = bound_of(options, request)
    if bound is None or not request.refused:
        return None
    unsigned = resources.try_reopening(resources.batch_named(request.batch, name)["change_id"], bound)
    return _change(name, unsigned, "try again", f"refused endpoints of {request.batch}")


def repair_to_sign(request: ReconcileRequest, plan: RepairPlan) -> Change | None:
    """What must be signed before this is repaired, if anything."""
    name, options = resources.account(request.account)
    bound = bound_of(options, request)
    if bound is None or not plan.repairs:
        return None
    unsigned = resources.try_repairs(name, plan.repairs, bound)
    return _change(name, unsigned, "repair", f"endpoints on the side of the {plan.side.value}")


def sentence(change: Change) -> str:
    """What would be changed, and what needs no approval; without its full stop."""
    return (
        f"The run would {change.words} on account {change.account}; {change.allowed:,} are allowed without an approval"
    )


def request_for(run: str, change: Change) -> Request:
    """The request of this run for this change, with what was answered so far.

    Raises NotApproved when nobody could sign it.
    """
    request = resources.request_approval(run, change)
    if request.standing is Standing.WAITING and resources.able_to_sign() < 2:
        raise NotApproved(
            f"{sentence(change)}. Two persons must sign, and fewer than two have codes left; "
            "`preactive approver add NAME` enters one."
        )
    return request


def check_approved(change: Change, request: Request) -> None:
    """Hold what somebody refused to sign.

    Raises NotApproved.
    """
    if request.standing is not Standing.APPROVED:
        raise NotApproved(f"{sentence(change)}; {request.why_refused}, so nothing was changed.")


def _change(account: str, unsigned: Unsigned | None, verb: str, what: str) -> Change | None:
    if unsigned is None:
        return None
    words = f"{verb} {unsigned.count:,} {what}"
    return Change(account, words, unsigned.digest, unsigned.count, unsigned.allowed, unsigned.bound)
