"""Which id a group's name stands for, kept from the first use on."""

from sqlalchemy import Connection, insert, select

from adapters.store.clock import store_now
from adapters.store.tables import pinned_groups


def pinned(connection: Connection, account: str, name: str) -> str | None:
    """The id that the name stood for before, if it was used."""
    g = pinned_groups.c
    query = select(g.group_id).where(g.account == account, g.name == name)
    return connection.execute(query).scalar_one_or_none()


def all_pinned(connection: Connection, account: str) -> dict[str, str]:
    """The id of every group that was used, by the name it was used under."""
    g = pinned_groups.c
    return {
        row.name: row.group_id for row in connection.execute(select(g.name, g.group_id).where(g.account == account))
    }


def pin(connection: Connection, account: str, name: str, group_id: str) -> None:
    """Keep what a name stands for, unless that is known."""
    if group_id and pinned(connection, account, name) is None:
        values = {"account": account, "name": name, "group_id": group_id, "pinned_at": store_now(connection)}
        connection.execute(insert(pinned_groups), values)
