"""Plans: what a request would do. Nothing here changes an endpoint, and nothing here needs Prefect."""

import asyncio
import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from domain.counts import RowCounts
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
    Into,
    Plan,
    Wanted,
    check_rejects,
    check_size,
    check_terminations,
    make_plan,
    minutes,
    selection_calls,
)
from domain.problems import FileCode, shown
from domain.requests import ProvisionRequest, SelectionRequest
from domain.selection import VERBS, Selected
from domain.survey import survey
from domain.words import plural
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


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Let Python not look for unused objects meanwhile: all that a plan makes is used, and there is much of it."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def plan_file(request: ProvisionRequest) -> tuple[Manifest, Plan]:
    """Read a file and compare it with the store.

    Raises FileRefused, UsageError, SettingsError.
    """
    name, options = resources.account(request.account)
    resources.check_pinned(name, options)
    with _nothing_collected():
        manifest = _read(request, name, options)
        return manifest, _plan(request, manifest, name, options)


def plan_against_platform(request: ProvisionRequest) -> tuple[Manifest, Plan]:
    """Read a file and compare it with the store and with what the platform shows."""
    name, options = resources.account(request.account)
    manifest = _read(request, name, options)
    seen = asyncio.run(_look(name, [want.iccid for want in wanted_of(manifest)]))
    return manifest, _plan(request, manifest, name, options, seen)


async def _look(name: str, iccids: Sequence[str]) -> dict[str, SimRecord]:
    async with resources.session(name) as session:
        await session.platform.login()
        found = await survey(session.platform, iccids, chase=False)
    return {iccid: sim for iccid, sim in found.sims.items() if sim is not None}


def _read(request: ProvisionRequest, name: str, options: Account) -> Manifest:
    manifest = _checked(request, options)
    if request.digest is not None and manifest.digest != request.digest:
        raise FileRefused("changed", f"The file {request.file} is not the one that was planned; plan it again.")
    joining = request.joining(manifest.batch)
    if joining is request:
        return manifest
    if not resources.has_batch(name, manifest.batch):
        raise FileRefused(
            FileCode.BATCHES,
            f"The file {request.file} holds rejects of batch {shown(manifest.batch)!r}, which account {name} does not "
            "have; nothing was changed, name the batch that its rows shall join with --batch.",
        )
    return _checked(joining, options)  # names are made from the batch


def _checked(request: ProvisionRequest, options: Account) -> Manifest:
    return resources.read_manifest(
        request.file, options, sheet=request.sheet, supplier=request.supplier, naming=request.naming(options)
    )


def filled(manifest: Manifest) -> int:
    """The rows of a file that are not blank, of which shares are told."""
    numbers = manifest.numbers()
    return numbers["rows"] - numbers["blank"]


def wanted_of(manifest: Manifest) -> list[Wanted]:
    """The SIMs that a file asks for."""
    return [Wanted(row.iccid or "", row.name or "", row.esim, row.tags) for row in manifest.accepted]


def _plan(
    request: ProvisionRequest,
    manifest: Manifest,
    name: str,
    options: Account,
    seen: Mapping[str, SimRecord] | None = None,
) -> Plan:
    request = request.joining(manifest.batch)
    wanted = wanted_of(manifest)
    longest = options.capabilities.tag_chars
    asked = [check_tag(tag, longest) for tag in request.tags]
    into = resources.goes_into(name, manifest.rows_digest, request.batch)
    return make_plan(
        wanted,
        known=resources.known(name, wanted, into),
        seen=seen,
        account=options,
        file=RowCounts(**manifest.numbers()),
        tags=[*(into.tags if into else ()), *asked] or [safe_name(request.naming(options).batch)],
        asked=asked,
        into=into,
        note=_note(request, manifest, into),
    )


def _note(request: ProvisionRequest, manifest: Manifest, into: Into | None) -> str:
    if into is not None and into.is_same and request.batch not in (None, into.name):
        return f"the store has these rows as batch {into.name}, so the name {request.batch} is not used"
    if manifest.batch and into is not None and not into.is_same:
        return f"the rows join batch {into.name}"
    return ""


def hold_if_unsafe(request: ProvisionRequest, manifest: Manifest, plan: Plan, *, bounded: bool = False) -> None:
    """Refuse a file with too many bad rows, or a plan that changes too much.

    `bounded`: how much a run may change is looked at where it plans (tasks/bound.py); a limit only lowers that.
    Raises TooManyRejects, TooMuchChange.
    """
    _, options = resources.account(request.account)
    rejected = manifest.numbers()["rejected"]
    check_rejects(rejected, filled(manifest), options, accepted_by_person=request.accept_rejects)
    check_size(plan.creates, options, limit=request.limit, bounded=bounded)


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
    return f"about {plural(calls, 'call')}, {minutes(calls / options.rate_per_second)}"


def plan_selection(request: SelectionRequest, *, bounded: bool = False) -> Selected:
    """What a request to change existing endpoints would select. `bounded`: see hold_if_unsafe.

    Raises UsageError, UnknownGroup, NothingSelected, TooMuchChange.
    """
    name, options = resources.account(request.account)
    _check(request, options)
    resources.check_pinned(name, options, request.group)
    if request.kind is Kind.TERMINATE:
        check_terminations(options)
    selected = resources.preview_selection(name, options, request)
    left = selected.refused or selected.taken
    if not selected.wanted and not left and (request.tag is not None or not selected.unusable):
        raise NothingSelected(_nothing(name, request, selected))
    check_size(selected.new, options, limit=request.limit, bounded=bounded)
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


async def plan_change(request: SelectionRequest, *, bounded: bool = False) -> ChangePlan:
    """What a request to change existing endpoints comes to, its group included; the name of the group is kept.

    Raises what plan_selection and find_room raise, LoginRefused, PlatformUnreachable.
    """
    selected = plan_selection(request, bounded=bounded)
    name, options = resources.account(request.account)
    if request.group is None or not options.capabilities.has_groups:
        return ChangePlan(selected, calls_of(request, selected))
    async with resources.session(name) as session:
        await session.platform.login()
        if await resources.learn_group(session, request.group):
            selected = plan_selection(request, bounded=bounded)  # it may be in use under another name
        return ChangePlan(selected, calls_of(request, selected), await find_room(session, request.group, selected))


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
        bad = f" and {plural(selected.rejected, 'row')} rejected" if selected.rejected else ""
        return f"None of the ICCIDs is known on account {name}{bad}; nothing was changed, provision them first."
    if selected.unusable:
        return (
            f"Of the endpoints on account {name} with the tag {request.tag!r}, none can be taken to "
            f"{VERBS[request.kind]}: {selected.states}; nothing was changed."
        )
    tags = resources.known_tags(name)
    known = f"the tags are: {', '.join(tags[:10])}{' …' if len(tags) > 10 else ''}" if tags else "there are no tags yet"
    return f"No endpoint on account {name} carries the tag {request.tag!r}; {known}."
