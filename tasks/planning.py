"""Plans: what a request would do. Nothing here changes an endpoint, and nothing here needs Prefect."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from domain.approval import Change, digest_of
from domain.endpoint import SimRecord
from domain.errors import (
    FileRefused,
    NothingSelected,
    TooManyRejects,
    TooMuchChange,
    UnusableGroup,
    UsageError,
)
from domain.groups import Target, check_room
from domain.lifecycle import Kind
from domain.manifest import Manifest
from domain.options import Account, check_tag, safe_name
from domain.plan import (
    Plan,
    Wanted,
    check_rejects,
    check_size,
    check_terminations,
    make_plan,
    minutes,
    selection_calls,
)
from domain.requests import ProvisionRequest, SelectionRequest
from domain.selection import Selected
from domain.survey import survey
from tasks import resources


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """What a change of existing endpoints comes to: which, at what cost, and into which group of the platform."""

    selected: Selected
    calls: str
    target: Target | None = None

    def sentence(self) -> str:
        """One line for a person."""
        into = f"; {self.target.sentence()}" if self.target is not None else ""
        return f"{self.selected.sentence()}; {self.calls}{into}"


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
    naming = request.naming(options)
    manifest = resources.read_manifest(
        request.file, options, sheet=request.sheet, supplier=request.supplier, naming=naming
    )
    if request.digest is not None and manifest.digest != request.digest:
        raise FileRefused("changed", f"The file {request.file} is not the one that was planned; plan it again.")
    return manifest


def _wanted(manifest: Manifest) -> list[Wanted]:
    return [Wanted(row.iccid or "", row.name or "", row.esim) for row in manifest.accepted]


def _plan(
    request: ProvisionRequest,
    manifest: Manifest,
    name: str,
    options: Account,
    seen: Mapping[str, SimRecord] | None = None,
) -> Plan:
    wanted = _wanted(manifest)
    longest = options.capabilities.tag_chars
    return make_plan(
        wanted,
        known=resources.known(name, wanted),
        seen=seen,
        account=options,
        tags=[check_tag(tag, longest) for tag in request.tags] or [safe_name(request.naming(options).batch)],
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


def why_held(request: ProvisionRequest, manifest: Manifest, plan: Plan) -> str:
    """Why a provision of this plan would be refused, or nothing."""
    try:
        hold_if_unsafe(request, manifest, plan)
    except (TooManyRejects, TooMuchChange) as error:
        return str(error)
    return ""


def read_list(request: SelectionRequest) -> Manifest | None:
    """The checked file that a request names its endpoints by, if it does."""
    _, options = resources.account(request.account)
    return resources.read_manifest(request.file, options) if request.file is not None else None


def calls_of(request: SelectionRequest, selected: Selected) -> str:
    """What a change of existing endpoints costs, in words."""
    _, options = resources.account(request.account)
    count = selected.new + selected.open
    calls = selection_calls(request.kind, count, group=request.group is not None, account=options)
    return f"about {calls:,} calls, {minutes(calls / options.rate_per_second)}"


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


def plan_selection(request: SelectionRequest, *, approved: Approved = None) -> Selected:
    """What a request to change existing endpoints would select.

    Raises UsageError, UnknownGroup, NothingSelected, TooMuchChange.
    """
    name, options = resources.account(request.account)
    _check(request, options)
    selected = resources.preview_selection(name, options, request)
    if not selected.wanted and not selected.unusable and not selected.refused:
        raise NothingSelected(_nothing(name, request, selected))
    count = approved(_change_of_selection(request, selected)) if approved is not None else None
    if request.kind is Kind.TERMINATE:
        check_terminations(selected.new + selected.open, options, approved=count)
    check_size(selected.new, options, limit=request.limit, approved=count)
    return selected


def _check(request: SelectionRequest, options: Account) -> None:
    if request.group is not None:
        options.group(request.group)
    if request.kind not in (Kind.ACTIVATE, Kind.ASSIGN) and request.group is not None:
        raise UsageError(f"A group says nothing about {request.kind.value}; leave --group out.")
    if request.kind is Kind.ASSIGN and request.group is None:
        raise UsageError("Say --group, so that it is clear what the endpoints are put into.")
    if request.kind is Kind.ACTIVATE and request.group is None and options.capabilities.activates_by_assignment:
        raise UsageError("On this platform an endpoint becomes active by being put into a group; say --group.")
    if (request.tag is None) == (request.file is None):
        raise UsageError("Say either --tag, or --iccid or --file, so that it is clear which endpoints are meant.")


def selection_to_approve(request: SelectionRequest) -> Change:
    """What two persons would have to approve, once all that one person answers for is in order.

    Raises what plan_selection raises.
    """
    return _change_of_selection(request, plan_selection(request, approved=lambda change: change.count))


def _change_of_selection(request: SelectionRequest, selected: Selected) -> Change:
    name, options = resources.account(request.account)
    listed = resources.read_manifest(request.file, options).digest if request.file is not None else ""
    kind = request.kind
    digest = digest_of(kind.value, name, request.tag, listed, request.group, request.count)
    group = f" and put into {request.group}" if request.group else ""
    count = selected.new + selected.open if kind is Kind.TERMINATE else selected.new
    allowed = 0 if kind is Kind.TERMINATE else options.max_change
    return Change(name, f"{kind.value} {count:,} endpoints of {request.label}{group}", digest, count, allowed)


async def plan_change(request: SelectionRequest) -> ChangePlan:
    """What a request to change existing endpoints comes to, its group included; the name of the group is kept.

    Raises what plan_selection and find_room raise, LoginRefused, PlatformUnreachable.
    """
    selected = plan_selection(request)
    name, options = resources.account(request.account)
    calls = calls_of(request, selected)
    if request.group is None or not options.capabilities.has_groups:
        return ChangePlan(selected, calls)
    async with resources.session(name) as session:
        await session.platform.login()
        return ChangePlan(selected, calls, await find_room(session, request.group, selected))


async def find_room(session: resources.Session, group: str, selected: Selected) -> Target:
    """Find the group, and check that it has an address for every endpoint that would newly use one.

    Raises UnknownGroup, UnusableGroup, NoRoom, PlatformUnreachable.
    """
    try:
        target = await resources.find_group(session, group)
    except UnusableGroup as error:
        raise UnusableGroup(f"{error}{await resources.explain_secondary(session, group, selected.origins)}") from None
    check_room(target, await resources.addresses_wanted(session, target, selected.origins))
    return target


def _nothing(name: str, request: SelectionRequest, selected: Selected) -> str:
    if request.tag is None:
        bad = f" and {selected.rejected:,} rows are rejected" if selected.rejected else ""
        return f"None of the ICCIDs is known on account {name}{bad}; nothing was changed, provision them first."
    tags = resources.known_tags(name)
    known = f"the tags are: {', '.join(tags[:10])}{' …' if len(tags) > 10 else ''}" if tags else "there are no tags yet"
    return f"No endpoint on account {name} carries the tag {request.tag!r}; {known}."
