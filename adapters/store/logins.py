"""Logins that a platform refused, so that no process tries the same again and again until the account is locked."""

import hashlib

from sqlalchemy import Connection, delete, insert, select, update

from adapters.store.clock import store_now
from adapters.store.engine import alone_on
from adapters.store.store import Store
from adapters.store.tables import refused_logins
from domain.credential import Refusal


def refusals(connection: Connection, account: str) -> tuple[float, dict[str, Refusal]]:
    """The time of the store, and every login of the account that was refused, by its mark."""
    rows = connection.execute(select(refused_logins).where(refused_logins.c.account == account))
    return store_now(connection), {row.mark: Refusal(row.text, row.times, row.at) for row in rows}


def keep(connection: Connection, account: str, mark: str, text: str) -> None:
    """Note that a login was refused."""
    alone_on(connection, account)
    of = (refused_logins.c.account == account) & (refused_logins.c.mark == mark)
    now = store_now(connection)
    again = update(refused_logins).where(of).values(times=refused_logins.c.times + 1, text=text, at=now)
    if not connection.execute(again).rowcount:
        new = {"account": account, "mark": mark, "times": 1, "text": text, "at": now}
        connection.execute(insert(refused_logins), new)


def forget(connection: Connection, account: str) -> None:
    """Forget every refusal of an account, for a login was accepted."""
    connection.execute(delete(refused_logins).where(refused_logins.c.account == account))


class StoredMemory:
    """Implements domain.credential.Memory for one user of an account; `tries_again`: a person wants to know it now."""

    def __init__(self, store: Store, account: str, username: str, *, tries_again: bool = False) -> None:
        self._tries_again = tries_again
        self._store = store
        self._account = account
        self._salt = f"{account}\n{username}".encode()

    async def refusal(self, secret: str) -> str:
        """See Memory."""
        if self._tries_again:
            return ""
        now, known = await self._store.awrite(refusals, self._account)
        found = known.get(self._mark(secret)) if known else None  # the mark takes long, and is seldom needed
        return found.sentence(now) if found else ""

    async def keep(self, secret: str, text: str) -> None:
        """See Memory."""
        await self._store.awrite(keep, self._account, self._mark(secret), text)

    def _mark(self, secret: str) -> str:
        """What tells a secret from another one, and gives neither away: slow to guess, and other for each account."""
        return hashlib.scrypt(secret.encode(), salt=self._salt, n=2**14, r=8, p=1, dklen=32).hex()
