"""Keeps one access token for all calls of this process. Logins cost calls, so one login serves everyone."""

import asyncio
import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.platforms.sft.wire import BAD_LOGIN, Meaning, read
from adapters.platforms.texts import clean, retry_after
from adapters.platforms.transport import NoAnswer, NotSent, Reply, Transport
from domain.credential import Credential
from domain.errors import LoginRefused, PlatformUnreachable
from domain.options import Account
from domain.pacer import Pacer
from domain.tenancy import Guard

COMMON = {"Content-Type": "application/json", "X-Requested-With": "XMLHttpRequest"}
_TRIES = 4
_THROTTLE_TRIES = 12
_EARLY = 60.0
_SURELY_VALID = 1.0
_SHORTEST_REST, _LONGEST_REST = 2.0, 300.0  # after a login that failed for an unclear reason again and again


@dataclass(slots=True)
class Token:
    """An access token. `accepted`: the platform has taken it at least once."""

    value: str
    renew_at: float
    made_at: float
    accepted: bool = False

    def __repr__(self) -> str:
        return "Token(***)"

    @property
    def is_new(self) -> bool:
        """Whether it was given out so recently that it cannot have expired."""
        return not self.accepted and time.monotonic() - self.made_at < _SURELY_VALID


class TokenKeeper:
    """Logs in when needed, once for all who wait."""

    def __init__(
        self,
        transport: Transport,
        pacer: Pacer,
        account: Account,
        password: Credential,
        *,
        path: str,
        tenant: Guard,
    ) -> None:
        self._transport = transport
        self._pacer = pacer
        self._account = account
        self._password = password
        self._path = path
        self._tenant = tenant
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._refusal: LoginRefused | None = None
        self._rest, self._rest_until = _SHORTEST_REST, 0.0

    async def fresh(self, *, instead_of: Token | None = None) -> Token:
        """A token that has not expired and is not the one that was just refused.

        Raises LoginRefused, PlatformUnreachable.
        """
        async with self._lock:
            token = self._token
            is_good = token is not None and token is not instead_of and time.monotonic() < token.renew_at
            if token is None or not is_good or self._refusal is not None:
                self._token = token = await self._logged_in()
                self._rest, self._rest_until = _SHORTEST_REST, 0.0
            return token

    async def _logged_in(self) -> Token:
        """Log in; once more with another password, if there is one by now. The same again would lock the account."""
        if self._refusal is None:
            try:
                return await self._try()
            except LoginRefused as error:
                self._refusal = error
        if not await self._password.renewed(self._password.value):
            raise self._refusal
        self._refusal = None  # what is said of the other password is another matter, and may fail for other reasons
        try:
            return await self._try()
        except LoginRefused as error:
            self._refusal = error
            raise

    async def _try(self) -> Token:
        if said := await self._password.refusal():
            raise LoginRefused(said)
        try:
            token = await self._log_in()
        except LoginRefused as error:
            await self._password.keep(str(error))
            raise
        await self._tenant.confirm(tenant_of(token.value, self._account.tenant_claim))
        return token

    async def _log_in(self) -> Token:
        tries, throttled, refused, why = 0, 0, False, "gave no login a moment ago"
        while time.monotonic() >= self._rest_until and tries < _TRIES and throttled < _THROTTLE_TRIES:
            try:
                reply = await self._send()
            except (NotSent, NoAnswer) as error:
                why, refused = f"cannot be reached: {error}", False
            else:
                token = await self._take(reply)
                if token is not None:
                    return token
                code = self._password.hidden(read(reply).code)
                why, refused = f"answers, and its login gives no token: {code}{reply.oddity}", True
                if read(reply).meaning is Meaning.THROTTLED:
                    throttled += 1  # the next one waits for its turn, and that is long enough
                    continue
            tries += 1
            if tries < _TRIES:
                await asyncio.sleep(0.25 * 2**tries)
        if refused:
            self._rest_until, self._rest = time.monotonic() + self._rest, min(self._rest * 2, _LONGEST_REST)
        look_at = "" if refused else " and the network"
        raise PlatformUnreachable(
            f"The platform at {self._account.base_url} {why}; nothing was sent, "
            f"check the address in the settings{look_at}, then run the command again."
        )

    async def _send(self) -> Reply:
        account = self._account
        body = {"username": account.username, "password": self._password.value}
        if account.target_account_id:
            body["targetAccountId"] = account.target_account_id
        deadline = account.read_deadline_seconds
        # Calls that hold a place wait for this one, so it must not wait for a place.
        return await self._transport.request(
            "POST", self._path, deadline=deadline, headers=_common, body=body, urgent=True
        )

    async def _take(self, reply: Reply) -> Token | None:
        """The token in a login's answer, or None when logging in is worth another try."""
        value = (reply.body or {}).get("AccessToken")
        if isinstance(value, str) and value and reply.status < 400:
            now = time.monotonic()
            return Token(value, now + lifetime(value, default=self._account.token_seconds), now)
        reading = read(reply)
        if reading.meaning is Meaning.THROTTLED:
            await self._pacer.refused(reply.sent_at, retry_after(reply.retry_after))
            return None
        code = self._password.hidden(_bare_code(reply.body) or reading.code)
        if code not in BAD_LOGIN:
            return None  # a gateway that forbids, or a sick platform: this says nothing of user name and password
        raise LoginRefused(
            f"The platform refused the login of {self._account.username!r} (code {code}: "
            f"{self._password.hidden(reading.text) or 'no reason given'}); check user name and password in the settings"
            + ("; the account is locked until a person resets its password." if code == "11044" else ".")
        )


async def _common() -> Mapping[str, str]:
    return COMMON


def _bare_code(body: Mapping[str, Any] | None) -> str | None:
    """A result code outside the envelope, as login answers are not wrapped."""
    code = (body or {}).get("resultCode")
    return clean(str(code)) if code not in (None, "0") else None


def lifetime(token: str, *, default: float) -> float:
    """Seconds after which to renew a token: from its `exp` claim when it has one, a little early."""
    total = _claimed(token)
    total = default if total is None else total
    return max(0.0, total - min(_EARLY, total / 4))


def tenant_of(token: str, claim: str) -> str:
    """The tenant's own id, from the claim of a token that holds it; empty where it is not known to be shown."""
    value = _claims(token).get(claim) if claim else None
    return clean(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _claims(token: str) -> Mapping[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def _claimed(token: str) -> float | None:
    claims = _claims(token)
    try:
        expires = float(claims["exp"])
        issued = float(claims["iat"]) if "iat" in claims else time.time()
    except (ValueError, KeyError, TypeError):
        return None
    # From `iat`, so that a clock that differs from ours does not matter.
    return expires - issued if expires > issued else None
