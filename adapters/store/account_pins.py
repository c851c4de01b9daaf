"""Which tenant an account's name stands for, kept from the first use on."""

import hashlib
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.engine import Row

from adapters.store.clock import store_now
from adapters.store.engine import alone_on
from adapters.store.tables import account_pins, batches, endpoints, former_names, orders
from domain.tenancy import (
    Held,
    Marks,
    changed,
    check_is_new,
    check_settings,
    check_shown,
    with_shown,
)

_ALL = "~accounts"  # what is held while pins are compared and written; no account is called so


def admit(connection: Connection, account: str, now: Marks, beside: Collection[str] = ()) -> bool:
    """Let an account be used with the marks of its settings, and pin them at its first use.

    `beside` names accounts of the same tenant that the settings allow. Says whether the settings lead elsewhere than
    before, so that only what the platform shows can tell whether it is the same tenant.
    Raises WrongTenant.
    """
    alone_on(connection, _ALL)
    compare(connection, account, now, beside)
    pinned = pin_of(connection, account)
    if pinned is not None and is_used(connection, account):
        return changed(pinned, now)
    if pinned is None or changed(pinned, now):
        _put(connection, account, now)
    return False


def compare(connection: Connection, account: str, now: Marks, beside: Collection[str] = ()) -> None:
    """Hold an account whose settings lead to another tenant than what is recorded under its name; nothing is written.

    Raises WrongTenant.
    """
    known = pins(connection)
    check_settings(
        account,
        now,
        pinned=known.get(account),
        former=present_name(connection, account),
        is_used=is_used(connection, account),
        others=_others(known, account, beside),
        held_by=partial(held_by, connection),
    )


def _others(known: Mapping[str, Marks], account: str, beside: Collection[str]) -> dict[str, Marks]:
    return {other: marks for other, marks in known.items() if other not in (account, *beside)}


def confirm(
    connection: Connection, account: str, now: Marks, shown: str, credential: str, beside: Collection[str] = ()
) -> None:
    """Compare what the platform showed of the tenant with what is pinned, and pin it the first time.

    Raises WrongTenant.
    """
    alone_on(connection, _ALL)
    seen, pinned = with_shown(now, shown, credential), pin_of(connection, account) or now
    if is_used(connection, account):
        check_shown(account, pinned, seen)
    elif shown:
        check_is_new(account, seen, _others(pins(connection), account, beside), partial(held_by, connection))
    kept = with_shown(now, shown, "" if shown else credential)
    if kept != pinned and (shown or not pinned.tenant):
        _put(connection, account, kept)


def pin_of(connection: Connection, account: str) -> Marks | None:
    """What the account's name stood for, if it was used."""
    row = connection.execute(select(account_pins).where(account_pins.c.account == account)).first()
    return None if row is None else _marks(row)


def pins(connection: Connection) -> dict[str, Marks]:
    """What every account stood for that was used."""
    return {row.account: _marks(row) for row in connection.execute(select(account_pins))}


def is_used(connection: Connection, account: str) -> bool:
    """Whether the store holds anything under this name."""
    found = (select(table.c.id).where(table.c.account == account).exists() for table in (endpoints, orders, batches))
    return bool(connection.execute(select(or_(*found))).scalar_one())


def held_by(connection: Connection, account: str) -> Held:
    """What the store holds under this name, counted for a sentence."""
    count = (
        select(func.count()).select_from(table).where(table.c.account == account).scalar_subquery()
        for table in (endpoints, orders, batches)
    )
    return Held(*connection.execute(select(*count)).one())


def present_name(connection: Connection, name: str) -> str | None:
    """What an account is called now that was renamed from this name."""
    query = select(former_names.c.account).where(former_names.c.name == name)
    return connection.execute(query).scalar_one_or_none()


def replace_pin(connection: Connection, account: str, now: Marks) -> None:
    """Pin what a person says that the account stands for; what the tenant shows is pinned at the next login."""
    alone_on(connection, _ALL)
    _put(connection, account, now)


def _put(connection: Connection, account: str, marks: Marks) -> None:
    values = {name: getattr(marks, name) for name in marks.__slots__}
    known = update(account_pins).where(account_pins.c.account == account).values(values)
    if not connection.execute(known).rowcount:
        connection.execute(insert(account_pins), values | {"account": account, "pinned_at": store_now(connection)})


def drop_pin(connection: Connection, account: str) -> None:
    """Forget what a name stood for that holds nothing."""
    connection.execute(delete(account_pins).where(account_pins.c.account == account))


def _marks(row: Row[Any]) -> Marks:
    return Marks(**{name: row._mapping[name] for name in Marks.__slots__})


def slow_hash(account: str, secret: str) -> str:
    """What tells one secret from another one and gives neither away."""
    return hashlib.scrypt(secret.encode(), salt=f"tenant of {account}".encode(), n=2**14, r=8, p=1, dklen=32).hex()
