"""Which processes of this machine live."""

import os
import socket

from sqlalchemy import Connection

from adapters.store import lanes


def strike_dead(connection: Connection) -> None:
    """Strike those of this machine whose process id is gone, so that nobody waits for their lease."""
    entered = lanes.entered_on(connection, socket.gethostname())
    lanes.forget(connection, [worker for worker, pid in entered if not _lives(pid)])


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
