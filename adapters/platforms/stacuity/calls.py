"""Sends operations of the contract: with the account's token, paced, and never one that is not verified by accident."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from adapters.platforms.stacuity import parse
from adapters.platforms.stacuity.contract import OPERATIONS, Operation, UnusableKey
from adapters.platforms.stacuity.naming import names_another
from adapters.platforms.stacuity.wire import Meaning, Reading, read
from adapters.platforms.texts import retry_after
from adapters.platforms.transport import NoAnswer, NotSent, Reply, TooLate, Transport
from domain.credential import Credential, Source, nowhere
from domain.errors import LoginRefused, PlatformUnreachable, SettingsError, StoreUnavailable
from domain.options import Account
from domain.outcome import Answer, Because, Verdict
from domain.pacer import Closed, Pacer
from domain.ports import ReadFailed, ReadRefused, ReadStopped
from domain.tenancy import Guard

_READ_TRIES = 4
_MISFIT_TRIES = 2  # the first may have been the late answer to another call
_THROTTLE_TRIES = 12
_TOKEN_FORM = re.compile(r"[0-9a-fA-F]{32}")


class NoUse(ReadFailed):
    """The platform answered, and nothing can be made of it."""


class AnotherAnswer(NoUse):
    """What came is the answer to another question, time and again."""


class NotFound(ReadRefused):
    """The platform answered that it has no such object."""


class Calls:
    """The account's calls, each an operation of the contract."""

    def __init__(self, account: Account, pacer: Pacer, source: Source = nowhere, tenant: Guard | None = None) -> None:
        self._account = account
        self._tenant = tenant
        self._confirmed = ""  # the token whose tenant was compared
        self._confirming = asyncio.Lock()
        self._token = Credential(account.token.get_secret_value(), source)
        self._pacer = pacer
        self._http = Transport(
            account.base_url,
            pacer=pacer,
            connect_seconds=account.connect_seconds,
            max_in_flight=account.max_in_flight,
            json_types=account.json_types,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()

    def check_allowed(self, *names: str) -> None:
        """Refuse operations whose form nobody has verified, unless the platform is on this machine.

        Raises SettingsError.
        """
        if self._account.is_local or self._account.allow_unverified:
            return
        unproven = [OPERATIONS[name] for name in names if not OPERATIONS[name].verified]
        if unproven:
            listed = ", ".join(f"{row.name} ({row.method} {row.path})" for row in unproven)
            raise SettingsError(
                f"The form of these calls is inferred and was never verified: {listed}; nothing was sent. "
                "`preactive doctor --contract` says how to verify them; then set allow_unverified = true."
            )

    async def verify_token(self) -> None:
        """Ask whether the token is good.

        Raises LoginRefused, PlatformUnreachable.
        """
        try:
            await self._read("verify_token", {}, guarded=False)
            await self._confirm_tenant()
        except ReadRefused as error:
            raise self._refused(str(error)) from None
        except ReadStopped:
            raise PlatformUnreachable("Stopped before the platform was asked; nothing was sent.") from None
        except ReadFailed as error:
            answers = isinstance(error, NoUse)
            trouble = f"answers, and not with a yes: {error}" if answers else f"cannot be reached: {error}"
            raise PlatformUnreachable(
                f"The platform at {self._account.base_url} {trouble}; nothing was sent, "
                f"check the address in the settings{'' if answers else ' and the network'}, then run the command again."
            ) from None

    # --- reads ---

    async def read(
        self,
        name: str,
        *,
        query: Mapping[str, str] | None = None,
        misfit: Callable[[Reading], str] = lambda _: "",
        **keys: str,
    ) -> Reading:
        """Read, with a few tries: a read changes nothing. `misfit` says why a yes is none to what was asked.

        Raises LoginRefused, ReadFailed, AnotherAnswer, NotFound, ReadRefused, ReadStopped.
        """
        return await self._read(name, keys, query=query, misfit=misfit)

    async def _read(
        self,
        name: str,
        keys: Mapping[str, str],
        *,
        query: Mapping[str, str] | None = None,
        misfit: Callable[[Reading], str] = lambda _: "",
        guarded: bool = True,
    ) -> Reading:
        if guarded:
            await self._let_through()
        reads, throttled, misfits, why, failure = 0, 0, 0, "", ReadFailed
        while reads < _READ_TRIES and throttled < _THROTTLE_TRIES:
            try:
                reading, reply = await self._send(
                    OPERATIONS[name],
                    keys,
                    query=query,
                    deadline=self._account.read_deadline_seconds,
                    guarded=guarded,
                )
            except Closed:
                raise ReadStopped("stopped before the platform was asked") from None
            except (NotSent, NoAnswer) as error:
                why, failure = str(error), ReadFailed
            else:
                failure = NoUse
                if reading.meaning is Meaning.SUCCESS:
                    if not (why := misfit(reading)):
                        return reading
                    reply.disown()
                    misfits += 1
                    if misfits == _MISFIT_TRIES:
                        raise AnotherAnswer(why)
                    continue
                if reading.meaning is Meaning.THROTTLED:
                    throttled += 1
                    await self._pacer.refused(reply.sent_at, retry_after(reply.retry_after))
                    continue
                self._raise_if_final(reading)
                why = reading.text
            reads += 1
            if reads < _READ_TRIES:
                await asyncio.sleep(0.5 * 2.0**reads)
        raise failure(why or "the platform refused every try for asking too often")

    async def parsed(self, name: str, *, query: Mapping[str, str] | None = None, **keys: str) -> Any:
        """Read, and take out of the answer what the contract says.

        Raises what `read` raises, and ReadFailed when the data is not what it should be.
        """
        key = next(iter(keys.values()), "")
        reading = await self.read(name, query=query, misfit=lambda found: names_another(found.data, key), **keys)
        found = OPERATIONS[name].parse(reading.data)
        if found is None:
            raise ReadFailed(f"the platform's answer to {name} cannot be read")
        return found

    def _raise_if_final(self, reading: Reading) -> None:
        if reading.meaning is Meaning.BAD_TOKEN:
            raise self._refused(reading.text)
        if reading.meaning is Meaning.NOT_FOUND:
            raise NotFound(reading.text)
        if reading.meaning is Meaning.REFUSED:
            raise ReadRefused(reading.text)

    # --- writes ---

    async def write(self, name: str, body: Any, *, not_after: float | None = None, **keys: str) -> tuple[Answer, Any]:
        """Send one write, never twice, and return the answer with the data that the contract takes out of it."""
        operation = OPERATIONS[name]
        try:
            self.check_allowed(name)
            await self._let_through()
            reading, reply = await self._send(
                operation, keys, body=body, deadline=self._account.deadline_seconds, not_after=not_after
            )
        except SettingsError as error:
            return Answer(Verdict.NOT_DONE, Because.LOGIN, text=str(error)), None
        except UnusableKey as error:
            return Answer(Verdict.NOT_DONE, Because.REFUSED, text=str(error)), None
        except LoginRefused as error:
            return Answer(Verdict.NOT_DONE, Because.LOGIN, text=str(error)), None
        except ReadFailed as error:
            because = Because.STOPPED if isinstance(error, ReadStopped) else Because.UNREACHABLE
            return Answer(Verdict.NOT_DONE, because, text=str(error)), None
        except Closed:
            return Answer(Verdict.NOT_DONE, Because.STOPPED), None
        except NotSent as error:
            because = Because.STOPPED if isinstance(error, TooLate) else Because.UNREACHABLE
            return Answer(Verdict.NOT_DONE, because, text=str(error)), None
        except NoAnswer as error:
            return Answer(Verdict.UNKNOWN, text=str(error)), None
        if reading.meaning is Meaning.THROTTLED:
            await self._pacer.refused(reply.sent_at, retry_after(reply.retry_after))
        answer = self._answer(reading, reply)
        if "endpoint" in keys and (another := names_another(reading.data, keys["endpoint"])):
            reply.disown()
            return replace(answer, verdict=Verdict.UNKNOWN, because=None, text=another), None
        return answer, operation.parse(reading.data)

    def _answer(self, reading: Reading, reply: Reply) -> Answer:
        verdict, because = _VERDICTS[reading.meaning]
        text = str(self._refused(reading.text)) if because is Because.LOGIN else reading.text
        at_the_gate = because is Because.REFUSED and reply.body is None
        return Answer(
            verdict, because, text=text, http_status=reply.status, seconds=reply.seconds, at_the_gate=at_the_gate
        )

    # --- both ---

    async def _confirm_tenant(self) -> None:
        """Compare, once for each token, whose objects it shows with whose they were.

        Raises WrongTenant, LoginRefused, ReadFailed.
        """
        if self._tenant is None:
            return
        async with self._confirming:
            if self._token.value == self._confirmed:
                return
            shown = await self._shown_customer()
            token = self._token.value  # a look may have replaced it
            await self._tenant.confirm(shown, token)
            self._confirmed = token

    async def _let_through(self) -> None:
        """Confirm the tenant before a call; while the store does not say whose it was, the call is not made."""
        try:
            await self._confirm_tenant()
        except StoreUnavailable:
            raise ReadStopped("the store, which knows the tenant, did not answer") from None

    async def _shown_customer(self) -> str:
        for name in ("list_endpoints", "list_groups"):
            reading = await self._read(name, {}, query={"limit": "1", "offset": "0"}, guarded=False)
            if customer := parse.customer(reading.data):
                return customer
        return ""

    async def _send(
        self,
        operation: Operation,
        keys: Mapping[str, str],
        *,
        deadline: float,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        not_after: float | None = None,
        guarded: bool = True,
    ) -> tuple[Reading, Reply]:
        """Send, and once more when the token was refused and there is another: then nothing was done."""
        path = operation.address(**keys)

        async def once() -> tuple[Reading, Reply, str]:
            # One that another call replaced meanwhile may be another tenant's; the one before is refused, no more.
            sending = _Sending(self._token, self._confirmed if guarded and self._tenant is not None else "")
            reply = await self._http.request(
                operation.method,
                path,
                deadline=deadline,
                headers=sending.headers,
                body=body,
                query=query,
                not_after=not_after,
            )
            return read(reply), reply, sending.token

        reading, reply, token = await once()
        if reading.meaning is Meaning.BAD_TOKEN and await self._token.renewed(token):
            if guarded:
                await self._confirm_tenant()
            reading, reply, _ = await once()
        return replace(reading, text=self._token.hidden(reading.text)), reply

    def _refused(self, text: str) -> LoginRefused:
        good = _TOKEN_FORM.fullmatch(self._token.value)
        form = "" if good else ", which is not 32 hexadecimal characters"
        return LoginRefused(
            f"The platform refused the account's token{form} ({text or 'no reason given'}); "
            "check that it is the right one and that it was not disabled."
        )


class _Sending:
    """Gives one request its token at the moment it goes out, and remembers which one that was."""

    def __init__(self, credential: Credential, confirmed: str = "") -> None:
        self._credential = credential
        self._confirmed = confirmed
        self.token = ""

    async def headers(self) -> Mapping[str, str]:
        self.token = self._confirmed or self._credential.value
        return {
            "Authorization": f"Bearer {self.token}",
            "Accept": "application/json",
            "Content-Type": "application/json",
        }


_VERDICTS: Mapping[Meaning, tuple[Verdict, Because | None]] = {
    Meaning.SUCCESS: (Verdict.DONE, None),
    Meaning.THROTTLED: (Verdict.NOT_DONE, Because.THROTTLED),
    Meaning.NOT_FOUND: (Verdict.NOT_DONE, Because.REFUSED),
    Meaning.REFUSED: (Verdict.NOT_DONE, Because.REFUSED),
    Meaning.BAD_TOKEN: (Verdict.NOT_DONE, Because.LOGIN),
    Meaning.AMBIGUOUS: (Verdict.UNKNOWN, None),
}
