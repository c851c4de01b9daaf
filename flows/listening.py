"""What the services that listen for requests share."""

import os
import socket

from domain.errors import UsageError


def listening(what: str, host: str, port: int, *, option: str = "--port") -> socket.socket:
    """A socket that listens.

    Raises UsageError, with the name of the service and of the option that chooses the port, where that cannot be.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        # Python adds the address once more to the system's own words.
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or error
        raise UsageError(f"The {what} cannot listen on {host}:{port}: {why}; choose another {option}.") from None


def address(listener: socket.socket) -> str:
    """Where a socket listens, as an address to open."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
