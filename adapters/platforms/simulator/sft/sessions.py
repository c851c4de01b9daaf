"""Logins, tokens and account types."""

import base64
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapters.platforms.simulator.config import SimulatorConfig
from adapters.platforms.simulator.sft import codes
from adapters.platforms.simulator.sft.envelope import Body, BusinessError

RESELLER_ID = "300001"
ENTERPRISE_ID = "400001"
BAD_LOGINS_ALLOWED = 5


@dataclass(frozen=True, slots=True)
class Session:
    """What one token stands for."""

    account: str
    kind: str
    expires: float

    @property
    def enterprise(self) -> bool:
        """Only enterprises own endpoints; a reseller is one too while logged in to its child."""
        return self.account == ENTERPRISE_ID


class Sessions:
    """Checks passwords, hands out JWT-shaped tokens and knows what each is worth."""

    def __init__(self, config: SimulatorConfig, clock: Callable[[], float] = time.time) -> None:
        self.config = config
        self.tenant = ""
        self._clock = clock
        self._users = {
            config.username: (config.password, ENTERPRISE_ID),
            config.reseller_username: (config.reseller_password, RESELLER_ID),
        }
        self._bad_logins: Counter[str] = Counter()
        self._tokens: dict[str, Session] = {}
        self._issued = 0
        self._used: Counter[str] = Counter()

    def login(self, body: Body) -> Body:
        """Return a bare pair of tokens; after five bad logins only a person could unlock the account."""
        username, password = body.get("username"), body.get("password")
        if not isinstance(username, str) or not isinstance(password, str):
            raise BusinessError(codes.INCORRECT_FIELD, "Incorrect value for field username or password")
        if self._bad_logins[username] >= BAD_LOGINS_ALLOWED:
            raise BusinessError(codes.ACCOUNT_LOCKED, "Account is locked")
        known, account = self._users.get(username, ("", ""))
        if not known or not hmac.compare_digest(known.encode(), password.encode()):
            self._bad_logins[username] += username in self._users
            raise BusinessError(codes.BAD_CREDENTIALS, "Invalid username or password")
        self._bad_logins.pop(username, None)
        return self._issue(_target(account, body))

    def refresh(self, token: str | None) -> Body | None:
        """Return a new pair for a valid refresh token."""
        session = self.session(token, kind="refresh")
        return self._issue(session.account) if session else None

    def session(self, token: str | None, *, kind: str = "access") -> Session | None:
        """Return what a token stands for while it is valid."""
        session = self._tokens.get(token or "")
        return session if session and session.kind == kind and self._clock() < session.expires else None

    def use(self, token: str | None) -> Session | None:
        """Return what an access token stands for, and count the call; after `token_calls` of them it is worthless."""
        self._used[token or ""] += 1
        limit = self.config.token_calls
        return None if limit is not None and self._used[token or ""] > limit else self.session(token)

    def account_of(self, token: str | None, body: Body) -> str:
        """Return the account whose rate a request uses up, whether or not it will be let in."""
        if session := self._tokens.get(token or ""):
            return session.account
        username = body.get("username")
        return self._users[username][1] if isinstance(username, str) and username in self._users else "unknown"

    def _issue(self, account: str) -> Body:
        if self.config.login_revokes:
            self._tokens = {token: session for token, session in self._tokens.items() if session.account != account}
        return {
            "AccessToken": self._token(account, "access", self.config.access_seconds),
            "RefreshToken": self._token(account, "refresh", self.config.refresh_seconds),
        }

    def _token(self, account: str, kind: str, seconds: float) -> str:
        now = self._clock()
        self._issued += 1
        claims = {
            "sub": account,
            "org": f"{account}-{self.tenant}",
            "typ": kind,
            "iat": int(now),
            "exp": int(now + seconds),
            "jti": self._issued,
        }
        signed = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
        key = f"simulator|{self.config.seed}|{id(self)}".encode()
        token = f"{signed}.{_base64(hmac.digest(key, signed.encode(), hashlib.sha256))}"
        self._tokens[token] = Session(account, kind, now + seconds)
        return token


def _target(account: str, body: Body) -> str:
    """Let a reseller log in to its child account, and nobody to anything else."""
    if "targetAccountId" not in body:
        return account
    if account != RESELLER_ID or str(body["targetAccountId"]) != ENTERPRISE_ID:
        raise BusinessError(codes.INCORRECT_FIELD, "Incorrect value for field targetAccountId")
    return ENTERPRISE_ID


def _encoded(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
