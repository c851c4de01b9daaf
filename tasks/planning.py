"""Plans: what a request would do. Nothing here writes, and nothing here needs Prefect."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from domain.approval import Change, digest_of
from domain.endpoint import SimRecord
from domain.errors import FileRefused, NothingSelected, UsageError
from domain.manifest import Manifest
from domain.options import Account, check_tag, safe_name
from domain.plan import Plan, Wanted, check_rejects, check_size, make_plan
from domain.requests import ActivateRequest, ProvisionRequest
from domain.selection import Selected
from domain.survey import survey
from tasks import resources

# For how many endpoints a change was approved; None where no approval is asked for.
Approved = Callable[[Change], int | None] | None


def plan_file(request: ProvisionRequest) -> tuple[Manifest, Plan]:
    """Read a file and compare it with the store.

    Raises FileRefused, UsageError, SettingsError.
    """
    name, options = resources.account(request.account)
    manifest = _read(request, options)
    return manifest, _plan(request, manifest, name, options)


def plan_against_platform(request: ProvisionRequest) -> tuple[Manifest, Plan]:
    """Read a file and compare it with the store and with what the platform shows."""
    name, options = resources.account(request.account)
    manifest = _read(request, options)
    seen = asyncio.run(_look(name, [want.iccid for want in _wanted(manifest)]))
    return manifest, _plan(request, manifest, name, options, seen)


async def _look(name: str, iccids: Sequence[str]) -> dict[str, SimRecord]:
    async with resources.session(name) as session:
        await session.platform.login()
        found = await survey(session.platform, iccids, chase=False)
    return {iccid: sim for iccid, sim in found.sims.items() if sim is not None}


def _read(request: ProvisionRequest, options: Account) -> Manifest:
    manifest = resources.read_manifest(request.file, options, sheet=request.sheet)
    if request.digest is not None and manifest.digest != request.digest:
        raise FileRefused("changed", f"The file {request.file} is not the one that was planned; plan it again.")
    return manifest


def _wanted(manifest: Manifest) -> list[Wanted]:
    return [Wanted(row.iccid or "", row.name or "") for row in manifest.accepted]


def _plan(
    request: ProvisionRequest,
    manifest: Manifest,
    name: str,
    options: Account,
    seen: Mapping[str, SimRecord] | None = None,
) -> Plan:
    wanted = _wanted(manifest)
    return make_plan(
        wanted,
        known=resources.known(name, [want.iccid for want in wanted]),
        seen=seen,
        account=options,
        tags=[check_tag(tag) for tag in request.tags] or [safe_name(request.batch or request.file)],
        rows=len(manifest.rows),
        rejected=manifest.numbers()["rejected"],
    )


def hold_if_unsafe(request: ProvisionRequest, manifest: Manifest, plan: Plan, *, approved: Approved = None) -> None:
    """Refuse a file with too many bad rows, or a plan that changes too much.

    Raises TooManyRejects, TooMuchChange.
    """
    _, options = resources.account(request.account)
    numbers = manifest.numbers()
    filled = numbers["rows"] - numbers["blank"]
    check_rejects(numbers["rejected"], filled, options, accepted_by_person=request.accept_rejects)
    count = approved(_change_of_file(request, manifest, plan)) if approved is not None else None
    check_size(plan.creates, options, limit=request.limit, approved=count)


def file_to_approve(request: ProvisionRequest) -> Change:
    """What two persons would have to approve, once all that one person answers for is in order.

    Raises what hold_if_unsafe and plan_file raise.
    """
    manifest, plan = plan_file(request)
    hold_if_unsafe(request, manifest, plan, approved=lambda change: change.count)
    return _change_of_file(request, manifest, plan)


def _change_of_file(request: ProvisionRequest, manifest: Manifest, plan: Plan) -> Change:
    name, options = resources.account(request.account)
    digest = digest_of("provision", name, manifest.digest, request.tags, request.batch, request.name_template)
    return Change(
        name, f"create {plan.creates:,} endpoints from {manifest.source_name}", digest, plan.creates, options.max_change
    )


def plan_selection(request: ActivateRequest, *, approved: Approved = None) -> Selected:
    """What a request to activate would select.

    Raises UsageError, UnknownGroup, NothingSelected, TooMuchChange.
    """
    name, options = resources.account(request.account)
    if request.group is not None:
        options.group(request.group)
    if (request.tag is None) == (request.file is None):
        raise UsageError("Say either --tag, or --iccid or --file, so that it is clear which endpoints are meant.")
    selected = resources.preview_selection(name, options, request)
    if not selected.wanted and not selected.unusable:
        raise NothingSelected(_nothing(name, request))
    count = approved(_change_of_selection(request, selected)) if approved is not None else None
    check_size(selected.new, options, limit=request.limit, approved=count)
    return selected


def selection_to_approve(request: ActivateRequest) -> Change:
    """What two persons would have to approve, once all that one person answers for is in order.

    Raises what plan_selection raises.
    """
    return _change_of_selection(request, plan_selection(request, approved=lambda change: change.count))


def _change_of_selection(request: ActivateRequest, selected: Selected) -> Change:
    name, options = resources.account(request.account)
    listed = resources.read_manifest(request.file, options).digest if request.file is not None else ""
    digest = digest_of("activate", name, request.tag, listed, request.group, request.count)
    group = f" and put into {request.group}" if request.group else ""
    return Change(
        name, f"activate {selected.new:,} endpoints of {request.label}{group}", digest, selected.new, options.max_change
    )


def _nothing(name: str, request: ActivateRequest) -> str:
    if request.tag is None:
        return f"None of the ICCIDs is known on account {name}; nothing was changed, provision them first."
    tags = resources.known_tags(name)
    known = f"the tags are: {', '.join(tags[:10])}{' …' if len(tags) > 10 else ''}" if tags else "there are no tags yet"
    return f"No endpoint on account {name} carries the tag {request.tag!r}; {known}."
