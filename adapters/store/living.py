"""Which processes live that work with the store."""

import os
import socket
import time

from sqlalchemy import Connection, inspect, text

from adapters.store import lanes
from adapters.store.clock import store_now


def strike_dead(connection: Connection) -> None:
    """Strike those of this machine whose process id is gone, so that nobody waits for their lease."""
    entered = lanes.entered_on(connection, socket.gethostname())
    lanes.forget(connection, [worker for worker, pid in entered if not _lives(pid)])


def at_work(connection: Connection) -> list[str]:
    """The living processes, in words. The store may be of any version, so nothing but its first columns is read."""
    now = store_now(connection) if inspect(connection).has_table("clock") else time.time()
    query = text(
        "SELECT host, pid, account, heartbeat_at FROM workers WHERE heartbeat_at > :since ORDER BY host, pid, account"
    )
    return [
        f"process {row.pid} on host {row.host} works for account {row.account}, last seen "
        f"{max(0.0, now - row.heartbeat_at):.0f} s ago"
        for row in connection.execute(query, {"since": now - lanes.LEASE_SECONDS})
        if row.host != socket.gethostname() or _lives(row.pid)
    ]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
