"""A person says that an account has another name, another address, or that a group stands for something else now."""

from sqlalchemy import Connection, MetaData, Table, delete, insert, select, update

from adapters.store import account_pins
from adapters.store.approver_log import add_fact
from adapters.store.clock import store_now
from adapters.store.engine import alone_on
from adapters.store.lanes import LEASE_SECONDS
from adapters.store.living import strike_dead
from adapters.store.pins import open_in_group
from adapters.store.tables import (
    attempts,
    chains,
    former_names,
    group_targets,
    metadata,
    order_facts,
    pinned_groups,
    workers,
)
from domain.errors import NothingSelected, Refused
from domain.tenancy import Held, Marks, changed, only_shown_tells, with_shown

_STAY = frozenset(
    {attempts.name, order_facts.name, former_names.name}
)  # facts keep the name that they were written under


def rename(connection: Connection, old: str, new: str, now: Marks, reason: str) -> Held:
    """Let everything that is recorded under one name be another one's, and return how much that is.

    The facts keep the former name, so that the audit trail stays as it was written.
    Raises NothingSelected, Refused.
    """
    alone_on(connection, old)
    alone_on(connection, new)
    held = account_pins.held_by(connection, old)
    if not held:
        raise NothingSelected(f"The store holds nothing under the name {old}; nothing was changed.")
    _check_can_be(connection, old, new, now)
    for table in _with_account(metadata):
        if table.name in _ONE_ROW:
            connection.execute(delete(table).where(table.c.account == new))
        connection.execute(update(table).where(table.c.account == old).values(account=new))
    f = former_names.c
    connection.execute(update(former_names).where(f.account == old).values(account=new))
    connection.execute(delete(former_names).where(f.name == new))
    connection.execute(insert(former_names), {"name": old, "account": new, "renamed_at": store_now(connection)})
    add_fact(connection, "renamed", new, text=f"account {old} is called {new} now: {reason}")
    return held


_ONE_ROW = frozenset({"account_pins", "buckets", "stops", "refused_logins", "chains", "group_targets", "pinned_groups"})


def _with_account(tables: MetaData) -> list[Table]:
    return [one for one in tables.sorted_tables if "account" in one.c and one.name not in _STAY]


def _check_can_be(connection: Connection, old: str, new: str, now: Marks) -> None:
    present = account_pins.present_name(connection, new)
    if present not in (None, old):
        raise Refused(f"The name {new} was that of account {present} before; nothing was changed, choose another one.")
    has_facts = connection.execute(select(chains.c.facts).where(chains.c.account == new)).scalar() or 0
    if account_pins.is_used(connection, new) or (has_facts and present is None):
        held = account_pins.held_by(connection, new)
        raise Refused(f"The store holds {held.sentence()} under the name {new} already; nothing was changed.")
    pinned = account_pins.pin_of(connection, old)
    if pinned is not None and changed(pinned, now) and not only_shown_tells(pinned, now):
        raise Refused(
            f"Account {new} is {now.sentence()} in the settings and {old} is {pinned.sentence()} in the store; nothing "
            "was changed: set the former values first, and after this say "
            f"`preactive account moved {new} --reason TEXT`."
        )
    for name in (old, new):
        check_nobody_works(connection, name)


def check_nobody_works(connection: Connection, account: str) -> None:
    """Hold what would change under the hands of a living process.

    Raises Refused.
    """
    strike_dead(connection)
    w = workers.c
    alive = select(w.host, w.pid).where(w.account == account, w.heartbeat_at > store_now(connection) - LEASE_SECONDS)
    found = [f"process {row.pid} on {row.host}" for row in connection.execute(alive)]
    if found:
        raise Refused(
            f"Account {account} is in use by {', '.join(found)}; nothing was changed: end what runs there first, then "
            "run the command again."
        )


def move(connection: Connection, account: str, now: Marks, reason: str) -> None:
    """Pin what the settings say by now; a tenant's own id that was shown before is still asked for.

    Raises NothingSelected, Refused.
    """
    alone_on(connection, account)
    pinned = account_pins.pin_of(connection, account)
    if pinned is None:
        raise NothingSelected(f"Account {account} was never used in this store; nothing was changed.")
    check_nobody_works(connection, account)
    account_pins.replace_pin(connection, account, with_shown(now, pinned.tenant))
    words = f"account {account} is {now.sentence()}, was {pinned.sentence()}: {reason}"
    add_fact(connection, "moved", account, text=words)


def move_group(connection: Connection, account: str, name: str, target: str, reason: str) -> None:
    """Let a group stand for something else, once nothing is under way in it; an empty target is pinned at its next use.

    Raises NothingSelected, Refused.
    """
    alone_on(connection, account)
    kept = group_words(connection, account, name)
    if kept is None:
        raise NothingSelected(f"Account {account} has used no group {name!r}; nothing was changed.")
    check_nobody_works(connection, account)
    if open_ones := open_in_group(connection, account, name):
        raise Refused(
            f"{open_ones:,} changes into the group {name!r} of account {account} are under way, in doubt or wait for a "
            f"person; nothing was changed: settle them as {kept} first, see `preactive resolve` and "
            "`preactive unfinished`."
        )
    for table in (group_targets, pinned_groups):
        connection.execute(delete(table).where(table.c.account == account, table.c.name == name))
    if target:
        row = {"account": account, "name": name, "target": target, "pinned_at": store_now(connection)}
        connection.execute(insert(group_targets), row)
    words = f"group {name} of account {account} is {target or 'found by its name'}, was {kept}: {reason}"
    add_fact(connection, "moved", account, text=words)


def group_words(connection: Connection, account: str, name: str) -> str | None:
    """What a group stood for, in words, if it was used."""
    for table, column in ((group_targets, "target"), (pinned_groups, "group_id")):
        query = select(table.c[column]).where(table.c.account == account, table.c.name == name)
        found: str | None = connection.execute(query).scalar_one_or_none()
        if found is not None:
            return found
    return None
