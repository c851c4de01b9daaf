"""The SFT platform seen through one account. Source: 004_604745bda73a7739.txt and docs/platforms.md, SFT."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

from adapters.platforms.sft.absence import Absence
from adapters.platforms.sft.auth import COMMON, Token, TokenKeeper
from adapters.platforms.sft.groups import SettingsGroups
from adapters.platforms.sft.naming import About, is_of_another_call, names_another
from adapters.platforms.sft.parse import (
    addon_plans,
    bulk_items,
    new_id,
    pages,
    profile_iccid,
    readable_sims,
    tag_body,
    tags_in,
)
from adapters.platforms.sft.wire import NOTHING_ATTACHED, Meaning, Reading, Write, read
from adapters.platforms.texts import retry_after
from adapters.platforms.transport import NoAnswer, NotSent, Reply, TooLate, Transport
from domain.bulk import BulkAnswer
from domain.controls import Controls, NoControls
from domain.credential import Credential, Memory, Source, nowhere
from domain.ending import DELINKED
from domain.endpoint import SimRecord, merged
from domain.errors import LoginRefused, PlatformUnreachable, Stopped
from domain.lifecycle import Kind
from domain.operation import Work
from domain.options import Account
from domain.outcome import Answer, Because, Verdict
from domain.pacer import Closed, Pacer
from domain.ports import EndpointProfile, ReadFailed, ReadRefused, ReadStopped, SimPage
from domain.tenancy import Guard, Unguarded
from domain.waypoints import reached

# The paths that public clients use with success; an account's `paths` setting replaces any of them.
PATHS = {
    "login": "/login",
    "create": "/CreateEndPoint",
    "activate": "/EndPointActivation",
    "lifecycle": "/EndPointLifeCycleChange",
    "delink": "/DeLinkSim",
    "delete": "/DeleteEndPoint",
    "addon": "/SubscribeAddon",
    "plan": "/ChangePlan",
    "create_tag": "/createTag",
    "attach_tag": "/createEndpointTag",
    "list_tags": "/GetEndpointTag",
    "sims": "/fetchSIM",
    "profile": "/GetEndPointProfile",
}
IMPOSSIBLE_ICCID = "8900000000000000001"  # its check digit is wrong, so no SIM has it
_READ_TRIES = 4
_MISFIT_TRIES = 2  # the first may have been the late answer to another call
_THROTTLE_TRIES = 12
_TOKEN_TRIES = 6


class SftPlatform(SettingsGroups):
    """Implements domain.ports.Platform.

    `source` is where a new password would be, `memory` knows of refused ones, `controls` of endpoints that must show
    what was done to them.
    """

    def __init__(
        self,
        account: Account,
        pacer: Pacer,
        *,
        source: Source = nowhere,
        memory: Memory | None = None,
        tenant: Guard | None = None,
        controls: Controls | None = None,
    ) -> None:
        self._account = account
        self._pacer = pacer
        self._paths = PATHS | account.paths | ({"bulk_create": account.bulk.path} if account.bulk else {})
        self._http = Transport(
            account.base_url,
            pacer=pacer,
            connect_seconds=account.connect_seconds,
            max_in_flight=account.max_in_flight,
            json_types=account.json_types,
        )
        password = Credential(account.password.get_secret_value(), source, memory)
        self._tokens = TokenKeeper(
            self._http, pacer, account, password, path=self._paths["login"], tenant=tenant or Unguarded()
        )
        self._absence = Absence(controls or NoControls())
        self._filter_proven = False
        self._profile_proven = False
        self._profiles_name_sims = True  # until one is seen that does not

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()

    # --- reads ---

    async def login(self) -> None:
        """See domain.ports.Platform.

        Raises Stopped when no call may start any more.
        """
        try:
            await self._tokens.fresh()
        except Closed:
            raise Stopped("Stopped before the login; nothing was sent.") from None

    async def sims_page(self, page: int) -> SimPage:
        """See domain.ports.Platform."""
        query = {"page": str(page), "perPage": str(self._account.page_size)}
        reading = await self._read("sims", query)
        rows = tuple(readable_sims(reading))
        return SimPage(rows, pages(reading, page=page, holds_rows=bool(rows)))

    async def sim(self, iccid: str) -> SimRecord | None:
        """See domain.ports.Platform. An empty answer counts only once the filter was seen to find something."""
        found = await self._find(iccid)
        if found is None and not self._filter_proven:
            await self._prove_filter()
        return found

    async def _find(self, iccid: str) -> SimRecord | None:
        def ignored(reading: Reading) -> str:
            found = [row.iccid for row in readable_sims(reading, of_one=True)]
            return "the platform's look-up by ICCID ignored its filter" if found and iccid not in found else ""

        rows = readable_sims(await self._read("sims", {"iccid": iccid}, misfit=ignored), of_one=True)
        matches = [row for row in rows if row.iccid == iccid]
        return reduce(merged, matches) if matches else None

    async def _prove_filter(self) -> None:
        """See that the look-up finds a SIM that is there, and nothing for one that cannot be."""
        try:
            impossible = await self._find(IMPOSSIBLE_ICCID)
        except ReadRefused:
            impossible = None  # it was looked at, and that is what matters
        if impossible is not None:
            raise ReadFailed("the platform's look-up finds a SIM for an ICCID that cannot exist")
        first = (await self.sims_page(1)).sims
        if first and await self._find(first[0].iccid) is None:
            raise ReadFailed("the platform's look-up by ICCID does not find a SIM that its list shows")
        self._filter_proven = bool(first)

    async def endpoint_exists(self, endpoint_id: str) -> bool | None:
        """See domain.ports.Platform. How a deleted endpoint looks is inferred: its profile is not shown, others are."""
        if self._account.terminate_with == "DeLinkSim":
            return False  # all that is asked of the platform is to take the SIM away
        try:
            shown = await self._read_profile(endpoint_id)
        except ReadRefused:
            return False if await self._profiles_are_shown() else None
        if shown.meaning is Meaning.EMPTY:
            return False if await self._profiles_are_shown() else None
        if addon_plans(shown) is None:
            return None  # a yes without a profile could be the answer for an endpoint that is gone
        self._profile_proven = True
        return True

    async def iccid_on(self, endpoint_id: str) -> str | None:
        """See domain.ports.Platform. That a profile names its SIM's ICCID is inferred; without it nothing is said."""
        try:
            return profile_iccid(await self._read_profile(endpoint_id))
        except ReadRefused:
            return None

    async def _profiles_are_shown(self) -> bool:
        """Whether the platform shows some other endpoint's profile, so that a refusal means something."""
        if not self._profile_proven:
            others = [sim.endpoint_id for sim in (await self.sims_page(1)).sims if sim.endpoint_id]
            try:
                for endpoint_id in others[:1]:
                    self._profile_proven = addon_plans(await self._read_profile(endpoint_id)) is not None
            except ReadRefused:
                return False
        return self._profile_proven

    async def _read_profile(self, endpoint_id: str) -> Reading:
        """An endpoint's profile. Raises ReadFailed, ReadRefused."""
        query, about = {"endPointId": endpoint_id}, About(endpoint_id=endpoint_id)
        found = await self._read(
            "profile",
            query,
            deadline=self._account.deadline_seconds,
            misfit=lambda found: names_another(about, found.response),
        )
        self._profiles_name_sims = profile_iccid(found) is not None
        return found

    async def assigned(self, endpoint_id: str, group: str) -> int | None:
        """See domain.ports.Platform. Add-on instances are counted; base plans are not shown by any known call."""
        target = self._account.group(group)
        if target.tag:
            tags = await self.tags_of(endpoint_id)
            return None if tags is None else int(target.tag in tags)
        if not target.addon_plan_id:
            return None
        plans = await self._addons(endpoint_id)
        return None if plans is None else plans.count(target.addon_plan_id)

    async def profile(self, endpoint_id: str, group: str) -> EndpointProfile | None:
        """See domain.ports.Platform. Where a profile names no SIM, none is read for this."""
        target = self._account.group(group)
        if target.tag or not target.addon_plan_id or not self._profiles_name_sims:
            return None
        shown = await self._read_profile(endpoint_id)
        plans, iccid = self._addons_in(shown), profile_iccid(shown)
        if plans is None or iccid is None:
            return None
        return EndpointProfile(iccid, plans.count(target.addon_plan_id))

    async def _addons(self, endpoint_id: str) -> list[str] | None:
        return self._addons_in(await self._read_profile(endpoint_id))

    def _addons_in(self, profile: Reading) -> list[str] | None:
        plans = addon_plans(profile)
        if plans:
            self._absence.saw(Kind.ASSIGN)
        return plans

    async def tags_of(self, endpoint_id: str) -> frozenset[str] | None:
        """See domain.ports.Platform."""
        try:
            tags = tags_in(await self._read("list_tags", {"endpointId": endpoint_id}), endpoint_id)
        except ReadStopped:
            raise
        except ReadFailed:
            return None
        if tags:
            self._absence.saw(Kind.TAG)
        return tags

    async def proves_absence(self, kind: Kind, target: str = "") -> bool:
        """See domain.ports.Platform. A form in which nothing is ever seen may be one that is not understood."""
        if kind is Kind.TAG or self._account.group(target).tag:
            return await self._absence.proves(Kind.TAG, self.tags_of)
        return await self._absence.proves(Kind.ASSIGN, self._addons)

    async def _read(
        self,
        name: str,
        query: Mapping[str, str],
        *,
        deadline: float | None = None,
        misfit: Callable[[Reading], str] = lambda _: "",
    ) -> Reading:
        """Read, with a few tries: a read changes nothing. `misfit` says why a yes is none to what was asked.

        Raises ReadFailed, ReadRefused, ReadStopped, LoginRefused.
        """
        reads, throttled, misfits, why, refused = 0, 0, 0, "", False
        while reads < _READ_TRIES and throttled < _THROTTLE_TRIES and misfits < _MISFIT_TRIES:
            try:
                reading, reply = await self._authorised("GET", name, query=query, deadline=deadline)
            except Closed:
                raise ReadStopped("stopped before the platform was asked") from None
            except PlatformUnreachable as error:
                raise ReadFailed(str(error)) from None
            except (NotSent, NoAnswer) as error:
                why = str(error)
            else:
                if reading.meaning in (Meaning.SUCCESS, Meaning.EMPTY):
                    why = _not_for(name, reading) or misfit(reading)
                    if not why:
                        return reading
                    misfits += 1
                    reply.disown()
                    continue
                if reading.meaning is Meaning.THROTTLED:
                    throttled += 1
                    await self._pacer.refused(reply.sent_at, retry_after(reply.retry_after))
                    continue
                why = f"code {reading.code}: {reading.text}"
                refused = reading.meaning is Meaning.REFUSED
                if reading.meaning is not Meaning.AMBIGUOUS:
                    break
            reads += 1
            if reads < _READ_TRIES:
                await asyncio.sleep(0.5 * 2.0**reads)
        raise (ReadRefused if refused else ReadFailed)(why or "the platform refused every try for asking too often")

    # --- writes ---

    async def prepare_tag(self, tag: str) -> Answer:
        """See domain.ports.Platform."""
        return await self._write(Write("create_tag", {"tagInfo": {"createTag": [{"tagName": tag}]}}, About(tag=tag)))

    async def perform(self, work: Work) -> Answer:
        """See domain.ports.Platform."""
        not_after = work.sent_at + self._account.send_window
        if work.kind is Kind.TERMINATE:
            return await self._terminate(work, not_after)
        return await self._write(self._request(work), not_after=not_after)

    async def _terminate(self, work: Work, not_after: float) -> Answer:
        """Take the SIM away, then delete the endpoint; only the latter where our SIM was taken away before.

        The platform refuses to delete an endpoint that holds a SIM (inferred), so that another's is not ended.
        """
        body, about = {"Request": {"endPointId": work.endpoint_id}}, _about(work)
        if work.detached:
            return await self._write(Write("delete", body, about), not_after=not_after)
        first = await self._write(Write("delink", body, about), not_after=not_after)
        detached = first.verdict is Verdict.DONE or first.code == NOTHING_ATTACHED
        if not detached or self._account.terminate_with == "DeLinkSim":
            return (
                replace(first, verdict=Verdict.DONE, because=None, already=True)
                if detached and first.because
                else first
            )
        second = await self._write(Write("delete", body, about), not_after=not_after)
        text = f"{DELINKED} ({first.code}); {second.text or second.verdict.value}"
        half_done = second.because is Because.REFUSED
        return replace(second, because=Because.CONTRADICTION if half_done else second.because, text=text)

    async def create_many(self, works: Sequence[Work]) -> BulkAnswer:
        """See domain.bulk.BulkPlatform. The call's form is inferred and its path comes from the settings."""
        assert self._account.bulk is not None
        common = self._create_fields(works[0])
        rows = [{"name": work.name, "iccid": work.iccid} for work in works]
        fields = {name: value for name, value in common.items() if name not in ("name", "iccid")}
        write = Write("bulk_create", {"Request": {"requestParam": fields | {"endPoints": rows}}})
        not_after = works[0].sent_at + self._account.send_window
        whole, reading = await self._send_write(write, not_after=not_after)
        return BulkAnswer(whole, dict(bulk_items(reading)) if reading is not None else {})

    def _request(self, work: Work) -> Write:
        if work.kind is Kind.CREATE:
            about = About(iccid=work.iccid)
            return Write("create", {"Request": {"requestParam": self._create_fields(work)}}, about)
        if work.kind is Kind.TAG:
            return self._tagging(work, work.target)
        if work.kind is Kind.ACTIVATE:
            return self._activation(work)
        if work.kind is Kind.ASSIGN:
            return self._assignment(work)
        return self._lifecycle(work, "S" if work.kind is Kind.SUSPEND else "A")

    def _create_fields(self, work: Work) -> dict[str, str]:
        account = self._account
        fields = {
            "name": work.name,
            "isLinkSIM": "true",
            "iccid": work.iccid,
            "isDefaultActivation": "false",
            "roamingProfileId": account.roaming_profile_id,
            "apnGroupId": account.apn_group_id,
            "planId": account.plan_id,
        }
        if account.monthly_limit is not None:
            fields["monthlyLimit"] = account.monthly_limit
        return fields

    def _activation(self, work: Work) -> Write:
        if self._account.activate_with == "EndPointActivation":
            return Write("activate", {"Request": {"endPointId": work.endpoint_id}}, _about(work))
        return self._lifecycle(work, "A")

    def _lifecycle(self, work: Work, letter: str) -> Write:
        change = {"lifeCycle": letter, "reason": self._account.lifecycle_reason}
        return Write("lifecycle", {"Request": {"endPointId": work.endpoint_id, "requestParam": change}}, _about(work))

    def _assignment(self, work: Work) -> Write:
        target = self._account.group(work.target)
        if target.addon_plan_id:
            fields = {"endPointId": work.endpoint_id, "planId": target.addon_plan_id}
            return Write("addon", {"Request": {"requestParam": fields}}, _about(work, plan_id=target.addon_plan_id))
        if target.plan_id:
            body = {"Request": {"endPointId": work.endpoint_id, "requestParam": {"planId": target.plan_id}}}
            return Write("plan", body, _about(work, plan_id=target.plan_id))
        return self._tagging(work, target.tag or "")

    def _tagging(self, work: Work, tag: str) -> Write:
        return Write("attach_tag", tag_body(work.endpoint_id, tag), _about(work, tag=tag))

    async def _write(self, write: Write, *, not_after: float | None = None) -> Answer:
        answer, _ = await self._send_write(write, not_after=not_after)
        return answer

    async def _send_write(self, write: Write, *, not_after: float | None = None) -> tuple[Answer, Reading | None]:
        """Send one write. Only a token that was refused leads to another request, since then nothing was done."""
        try:
            reading, reply = await self._authorised(
                "POST", write.path, body=write.body, deadline=self._account.deadline_seconds, not_after=not_after
            )
        except Closed:
            return Answer(Verdict.NOT_DONE, Because.STOPPED), None
        except NotSent as error:
            because = Because.STOPPED if isinstance(error, TooLate) else Because.UNREACHABLE
            return Answer(Verdict.NOT_DONE, because, text=str(error)), None
        except PlatformUnreachable as error:
            return Answer(Verdict.NOT_DONE, Because.UNREACHABLE, text=str(error)), None
        except LoginRefused as error:
            return Answer(Verdict.NOT_DONE, Because.LOGIN, text=str(error)), None
        except NoAnswer as error:
            return Answer(Verdict.UNKNOWN, text=str(error)), None
        if reading.meaning is Meaning.THROTTLED:
            await self._pacer.refused(reply.sent_at, retry_after(reply.retry_after))
        return self._answer(write, reading, reply), reading

    def _answer(self, write: Write, reading: Reading, reply: Reply) -> Answer:
        verdict, because = _VERDICTS[reading.meaning]
        if reading.meaning is Meaning.THROTTLED and self._account.throttled_may_be_done:
            verdict, because = Verdict.UNKNOWN, None
        endpoint_id = new_id(reading.response) if write.path == "create" else None
        text = reading.text
        if write.path == "create" and verdict is Verdict.DONE and endpoint_id is None:
            verdict, text = Verdict.UNKNOWN, "the platform said yes and named no endpoint id"
        if not_ours := _not_for(write.path, reading) or names_another(write.about, reading.response):
            reply.disown()
            verdict, because, endpoint_id, text = Verdict.UNKNOWN, None, None, not_ours
        return Answer(
            verdict,
            because,
            endpoint_id=endpoint_id,
            already=reading.meaning is Meaning.ALREADY and not not_ours,
            code=reading.code,
            text=text,
            response_id=reading.response_id,
            http_status=reply.status,
            seconds=reply.seconds,
            at_the_gate=because is Because.REFUSED and not reading.response,
        )

    # --- both ---

    async def _authorised(
        self,
        method: str,
        name: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        deadline: float | None = None,
        not_after: float | None = None,
    ) -> tuple[Reading, Reply]:
        """Send with a token. One that is refused has expired, unless it is brand new, and is replaced.

        Raises LoginRefused, PlatformUnreachable, NotSent, NoAnswer.
        """
        refused: Token | None = None
        for _ in range(_TOKEN_TRIES):
            sending = _Sending(self._tokens, refused)
            reply = await self._http.request(
                method,
                self._paths[name],
                deadline=deadline or self._account.read_deadline_seconds,
                headers=sending.headers,
                body=body,
                query=query,
                not_after=not_after,
            )
            reading = read(reply)
            reached("answer understood")
            assert sending.token is not None
            if reading.meaning is not Meaning.EXPIRED:
                sending.token.accepted = True
                return reading, reply
            if sending.is_new:
                break
            refused = sending.token
        raise LoginRefused(_WRONG_ACCOUNT.format(text=reading.text or "no reason given"))


def _about(work: Work, **more: str) -> About:
    return About(iccid=work.iccid, endpoint_id=work.endpoint_id or "", **more)


def _not_for(call: str, reading: Reading) -> str:
    """Why a yes cannot be the answer to this call, by its detailed code; empty where it can."""
    if reading.meaning is not Meaning.SUCCESS or not is_of_another_call(call, reading.code):
        return ""
    return f"the answer's code {reading.code} is that of another call"


class _Sending:
    """Gives one request its token at the moment it goes out, so that waiting for a turn cannot make it stale."""

    def __init__(self, tokens: TokenKeeper, refused: Token | None) -> None:
        self._tokens = tokens
        self._refused = refused
        self.token: Token | None = None
        self.is_new = False

    async def headers(self) -> Mapping[str, str]:
        self.token = await self._tokens.fresh(instead_of=self._refused)
        self.is_new = self.token.is_new
        return COMMON | {"X-Authorization": f"Bearer {self.token.value}"}


_WRONG_ACCOUNT = (
    "The platform accepts the login but refuses its calls ({text}); "
    "these calls need an enterprise account, or a reseller login with target_account_id."
)
_VERDICTS: Mapping[Meaning, tuple[Verdict, Because | None]] = {
    Meaning.SUCCESS: (Verdict.DONE, None),
    Meaning.ALREADY: (Verdict.DONE, None),
    Meaning.THROTTLED: (Verdict.NOT_DONE, Because.THROTTLED),
    Meaning.AMBIGUOUS: (Verdict.UNKNOWN, None),
    Meaning.REFUSED: (Verdict.NOT_DONE, Because.REFUSED),
    Meaning.EMPTY: (Verdict.NOT_DONE, Because.REFUSED),
    Meaning.BAD_LOGIN: (Verdict.NOT_DONE, Because.LOGIN),
}
