"""Facts about approvers: who entered and struck them, what they signed, and what was done with it. Only ever added."""

import getpass

from sqlalchemy import Connection, insert

from adapters.store.clock import store_now
from adapters.store.engine import alone_on
from adapters.store.tables import approver_facts
from adapters.store.trail import end_of, lengthen
from domain.trail import APPROVERS, SIGNED, link


def os_user() -> str:
    """Who runs this program, for the machine."""
    return getpass.getuser()[:64]


def alone(connection: Connection) -> None:
    """Let one process at a time read or write what persons sign."""
    alone_on(connection, APPROVERS)


def add_fact(connection: Connection, event: str, name: str, *, approval: int | None = None, text: str = "") -> None:
    """Add a fact, bound to the one before."""
    alone(connection)
    length, head = end_of(connection, APPROVERS)
    fact = {"at": store_now(connection), "event": event, "name": name, "os_user": os_user()}
    fact |= {"approval_id": approval, "text": text}
    bound = link(head, fact, SIGNED)
    connection.execute(insert(approver_facts), fact | {"hash": bound})
    lengthen(connection, APPROVERS, length + 1, bound)
