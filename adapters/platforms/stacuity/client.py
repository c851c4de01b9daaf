"""The Stacuity platform seen through one account. Sources: 000_c305da06f1b55772.txt to 003_bd238f6d132cb73a.txt."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import reduce
from typing import Any

from adapters.platforms.stacuity.calls import Calls, NotFound
from adapters.platforms.stacuity.contract import assign_body, claim_body, edit_body, status_body
from adapters.platforms.stacuity.editing import compared, edited, why_not_editable
from adapters.platforms.stacuity.groups import Groups
from adapters.platforms.stacuity.listing import Listing
from adapters.platforms.stacuity.parse import Endpoint
from adapters.platforms.stacuity.polling import events_between
from adapters.platforms.stacuity.probe import probe
from adapters.platforms.texts import clean
from domain.capabilities import Capabilities
from domain.contract import Check
from domain.credential import Source, nowhere
from domain.endpoint import SimRecord, merged, rivals_reason
from domain.errors import LoginRefused, PlatformUnreachable, UnknownGroup, UnusableGroup
from domain.groups import Draft, Group, Target, no_room
from domain.inbox import PlatformEvent
from domain.lifecycle import Kind, Lifecycle
from domain.operation import Work
from domain.options import Account
from domain.outcome import Answer, Because, Verdict
from domain.pacer import Pacer
from domain.plan import conflict
from domain.ports import EndpointProfile, GroupUnusable, ReadFailed, ReadRefused, ReadStopped, SimPage
from domain.tenancy import Guard

_APART_SECONDS = 1.0  # refusals that come closer together are explained by one look at the group
_WRITES = ("edit", "assign", "change_status")
_STATUS_WORDS = {Kind.SUSPEND: "suspended", Kind.RESUME: "active", Kind.TERMINATE: "terminated"}


class StacuityPlatform:
    """Implements domain.ports.Platform and domain.ports.GroupKeeper.

    `groups` are the ids that names of groups stood for in earlier runs, `source` is where a new token would be.
    """

    def __init__(
        self,
        account: Account,
        pacer: Pacer,
        groups: Mapping[str, str] | None = None,
        *,
        source: Source = nowhere,
        tenant: Guard | None = None,
    ) -> None:
        self._account = account
        self._calls = Calls(account, pacer, source, tenant)
        self._listing = Listing(self._calls, page_size=account.page_size)
        self._shows_endpoints = False
        self._groups = Groups(self._calls, account, groups or {})
        self._performers: Mapping[Kind, Callable[[Work], Awaitable[Answer]]] = {
            Kind.CREATE: self._claim if self.capabilities.needs_activation_code else self._take_over,
            Kind.TAG: self._tag,
            Kind.ACTIVATE: self.assign,
            Kind.ASSIGN: self.assign,
            Kind.SUSPEND: self.suspend,
            Kind.RESUME: self.resume,
            Kind.TERMINATE: self.terminate,
        }

    @property
    def capabilities(self) -> Capabilities:
        """See domain.ports.Platform."""
        return self._account.capabilities

    async def close(self) -> None:
        """Close all connections."""
        await self._calls.close()

    def check_writes(self) -> None:
        """See domain.ports.Platform."""
        claim = ("claim",) if self.capabilities.needs_activation_code else ()
        self._calls.check_allowed(*claim, *_WRITES)

    # --- reads ---

    async def login(self) -> None:
        """See domain.ports.Platform. There is no login; the token is verified."""
        await self._calls.verify_token()

    async def sims_page(self, page: int) -> SimPage:
        """See domain.ports.Platform."""
        found, pages = await self._listing.page(page)
        return SimPage(tuple(self._record(one) for one in found if one.iccid), pages)

    async def sim(self, iccid: str) -> SimRecord | None:
        """See domain.ports.Platform."""
        found = await self._listing.by_iccid(iccid)
        return reduce(merged, map(self._record, found)) if found else None

    async def assigned(self, endpoint_id: str, group: str) -> int | None:
        """See domain.ports.Platform. An endpoint is in exactly one primary group, so the count is 0 or 1."""
        target = await self._group_for(group)
        one = await self._endpoint(endpoint_id)
        if one.state is Lifecycle.PRE_ACTIVE:
            return 0
        return None if one.group_id is None else int(one.group_id == target.id)

    async def profile(self, endpoint_id: str, group: str) -> EndpointProfile | None:  # noqa: ARG002
        """See domain.ports.Platform. The look before an activation shows both, and the activation assigns."""
        return None

    async def tags_of(self, endpoint_id: str) -> frozenset[str] | None:
        """See domain.ports.Platform."""
        one = await self._endpoint(endpoint_id)
        return None if "tags" in one.unreadable else frozenset(map(clean, one.tags))

    async def proves_absence(self, kind: Kind, target: str = "") -> bool:  # noqa: ARG002 - each endpoint shows both
        """See domain.ports.Platform. An endpoint that does not show them is not counted in the first place."""
        return True

    async def endpoint_exists(self, endpoint_id: str) -> bool | None:
        """Whether an endpoint is still there. A terminated one is shown for 90 days and then not found."""
        try:
            return (await self._endpoint(endpoint_id)).state is not Lifecycle.TERMINATED
        except NotFound:
            return False if await self._shows_others() else None

    async def _shows_others(self) -> bool:
        """Whether some other endpoint is found, so that one which is not found means something."""
        if not self._shows_endpoints:
            for one in (await self._listing.page(1))[0][:1]:
                try:
                    await self._endpoint(one.id)
                except NotFound:
                    return False
        return self._shows_endpoints

    async def iccid_on(self, endpoint_id: str) -> str | None:
        """See domain.ports.Platform."""
        try:
            return (await self._endpoint(endpoint_id)).iccid
        except NotFound:
            return None

    async def _endpoint(self, endpoint_id: str) -> Endpoint:
        found: Endpoint = await self._calls.parsed("read_endpoint", endpoint=endpoint_id)
        self._shows_endpoints = True
        return found

    def _record(self, one: Endpoint) -> SimRecord:
        names = self._groups.names_of(one.group_id, one.group_name)
        shows_none = not names and one.state is not Lifecycle.PRE_ACTIVE
        return SimRecord(
            one.iccid,
            one.id,
            one.state,
            one.state_text,
            groups=None if shows_none else names,
            network_state=one.network_state,
            tags=frozenset(map(clean, one.tags)) if one.shows_tags else None,
        )

    async def check_contract(self) -> list[Check]:
        """See domain.ports.Platform."""
        return [check async for check in probe(self._calls)]

    async def events(self, since: float, until: float) -> list[PlatformEvent]:
        """See domain.ports.Platform."""
        size = self._account.page_size
        return [event async for event in events_between(self._calls, since, until, page_size=size)]

    # --- groups ---

    async def pin_group(self, name: str, *, group_id: str | None = None) -> Target:
        """See domain.ports.Platform."""
        return await self._groups.pin(name, group_id=group_id)

    async def look_at_group(self, name: str) -> Target:
        """See domain.ports.Platform."""
        return await self._groups.look(name)

    async def _group_for(self, name: str) -> Target:
        """The group that an endpoint goes into; what speaks against the group says nothing about the endpoint."""
        try:
            return await self._groups.pin(name)
        except (UnknownGroup, UnusableGroup, ReadRefused) as error:
            raise GroupUnusable(str(error)) from None

    async def groups(self) -> list[Group]:
        """See domain.ports.GroupKeeper."""
        return await self._groups.all()

    async def group(self, name: str) -> Group:
        """See domain.ports.GroupKeeper."""
        return await self._groups.read(name)

    async def check_draft(self, draft: Draft) -> None:
        """See domain.ports.GroupKeeper."""
        await self._groups.check(draft)

    async def create_group(self, draft: Draft) -> Group:
        """See domain.ports.GroupKeeper."""
        return await self._groups.create(draft)

    async def associate(self, primary: str, secondary: str) -> Group:
        """See domain.ports.GroupKeeper."""
        return await self._groups.associate(primary, secondary)

    # --- writes ---

    async def prepare_tag(self, tag: str) -> Answer:  # noqa: ARG002 - a tag is a word on an endpoint, nothing of its own
        """See domain.ports.Platform."""
        return Answer(Verdict.DONE, already=True)

    async def perform(self, work: Work) -> Answer:
        """See domain.ports.Platform. Reads around the one write belong to it, since an edit replaces every field."""
        return await self._performers[work.kind](work)

    async def suspend(self, work: Work) -> Answer:
        """Put an endpoint out of service for a time."""
        return await self._change_status(work)

    async def resume(self, work: Work) -> Answer:
        """Put a suspended endpoint back into service, if the account allows to try it.

        The documents disagree on whether that can be done, so a refusal is a fact worth keeping.
        """
        if not self._account.allow_resume:
            return _refused("the account's settings do not allow to resume (allow_resume)")
        answer = await self._change_status(work)
        if answer.because is not Because.REFUSED or not await self._is_suspended(work):
            return answer
        return replace(answer, text=f"stuck_suspended: the platform refuses to resume ({answer.text}); ask support")

    async def _is_suspended(self, work: Work) -> bool:
        assert work.endpoint_id is not None
        try:
            return (await self._endpoint(work.endpoint_id)).state is Lifecycle.SUSPENDED
        except (ReadFailed, LoginRefused):
            return False

    async def terminate(self, work: Work) -> Answer:
        """End an endpoint for good, in one step: one that is there without its SIM is not ours."""
        if work.detached:
            return Answer(Verdict.NOT_DONE, Because.CONTRADICTION, text="the endpoint is there without its SIM")
        return await self._change_status(work)

    async def assign(self, work: Work) -> Answer:
        """Put an endpoint into a group; the same call moves it, without a step out of the old one."""
        assert work.endpoint_id is not None
        if not work.target:
            return _refused("on this platform an endpoint becomes active in a group; name one with --group")
        try:
            target = await self._group_for(work.target)
        except (ReadFailed, LoginRefused) as error:
            return _not_read(error)
        answer, _ = await self._send("assign", assign_body(target.id), work, endpoint=work.endpoint_id)
        return await self._whose_fault(work, answer) if answer.because is Because.REFUSED else answer

    async def _whose_fault(self, work: Work, refused: Answer) -> Answer:
        """The platform names no reason that could be read, so after a refusal the group is looked at once more."""
        try:
            target = await self._groups.look(work.target, apart=_APART_SECONDS)
        except (UnknownGroup, UnusableGroup) as error:
            return replace(refused, because=Because.GROUP, text=f"{refused.text}: {error}")
        except (ReadFailed, LoginRefused, PlatformUnreachable):
            return refused
        if work.kind is Kind.ACTIVATE and not target.has_room(1):
            return replace(refused, because=Because.GROUP, text=f"{refused.text}: {no_room(target, 1)}")
        return refused

    async def _take_over(self, work: Work) -> Answer:
        """The tenant puts SIMs on the account; a SIM that is not there cannot be made by a customer."""
        try:
            sim = await self.sim(work.iccid)
        except (ReadFailed, LoginRefused, PlatformUnreachable) as error:
            return _not_read(error)
        if sim is None:
            return _refused("the SIM is not on the account; ask the tenant to allocate it, or claim it with its code")
        if sim.rivals:
            return Answer(Verdict.NOT_DONE, Because.CONTRADICTION, text=rivals_reason(sim))
        if sim.state is not Lifecycle.PRE_ACTIVE:
            return conflict(sim)
        return Answer(Verdict.DONE, endpoint_id=sim.endpoint_id, already=True, text="allocated by the tenant")

    async def _claim(self, work: Work) -> Answer:
        if not work.activation_code:
            return _refused("no activation code is known for this SIM; hand in a file that has it")
        body = claim_body(
            iccid=work.iccid,
            activation_code=work.activation_code,
            name=work.name,
            reference=self._reference(work),
        )
        answer, new_id = await self._send("claim", body, work)
        answer = replace(answer, text=answer.text.replace(work.activation_code, "***"))
        if answer.verdict is Verdict.DONE and new_id is None:
            return replace(answer, verdict=Verdict.UNKNOWN, text="the platform said yes and named no endpoint id")
        if answer.because is Because.REFUSED:
            return await self._claimed_before(work, answer)
        return replace(answer, endpoint_id=new_id)

    async def _claimed_before(self, work: Work, answer: Answer) -> Answer:
        """A claim may be refused because the SIM is on the account already, and that is what was wanted."""
        try:
            sim = await self.sim(work.iccid)
        except (ReadFailed, LoginRefused):
            return answer
        if sim is not None and sim.rivals:
            return replace(answer, because=Because.CONTRADICTION, text=rivals_reason(sim))
        if sim is not None and sim.state is Lifecycle.TERMINATED:
            return replace(answer, because=Because.ENDED)
        if sim is None or sim.state is not Lifecycle.PRE_ACTIVE:
            return answer
        return replace(answer, verdict=Verdict.DONE, because=None, endpoint_id=sim.endpoint_id, already=True)

    async def _tag(self, work: Work) -> Answer:
        """Read, add, write everything back, read again. The same edit gives a waiting endpoint its name."""
        assert work.endpoint_id is not None
        try:
            before = await self._endpoint(work.endpoint_id)
        except (ReadFailed, LoginRefused) as error:
            return _not_read(error)
        wanted = edited(before, work, reference=self._reference(work))
        refusal = why_not_editable(before, wanted)
        if refusal:
            return _refused(refusal)
        if wanted == before:
            return Answer(Verdict.DONE, already=True)
        answer, _ = await self._send("edit", edit_body(wanted), work, endpoint=before.id)
        return await self._read_back(before, wanted, answer) if answer.verdict is Verdict.DONE else answer

    async def _read_back(self, before: Endpoint, wanted: Endpoint, answer: Answer) -> Answer:
        """Only what is read afterwards counts; another user may have written in between."""
        try:
            after = await self._endpoint(wanted.id)
        except (ReadFailed, LoginRefused):
            return replace(answer, verdict=Verdict.UNKNOWN, text="answered yes; the read-back failed")
        return compared(answer, before, wanted, after)

    def _reference(self, work: Work) -> str | None:
        return {"keep": None, "iccid": work.iccid, "name": work.name}[self._account.reference]

    async def _change_status(self, work: Work) -> Answer:
        assert work.endpoint_id is not None
        answer, _ = await self._send(
            "change_status", status_body(_STATUS_WORDS[work.kind]), work, endpoint=work.endpoint_id
        )
        return answer

    async def _send(self, name: str, body: Any, work: Work, **keys: str) -> tuple[Answer, Any]:
        return await self._calls.write(name, body, not_after=work.sent_at + self._account.send_window, **keys)


def _refused(text: str) -> Answer:
    return Answer(Verdict.NOT_DONE, Because.REFUSED, text=text)


def _not_read(error: Exception) -> Answer:
    """Nothing was written, because what had to be read first was not read."""
    if isinstance(error, LoginRefused):
        because = Because.LOGIN
    elif isinstance(error, GroupUnusable):
        because = Because.GROUP
    elif isinstance(error, ReadStopped):
        because = Because.STOPPED
    else:
        because = Because.REFUSED if isinstance(error, NotFound | ReadRefused) else Because.UNREACHABLE
    return Answer(Verdict.NOT_DONE, because, text=str(error))
