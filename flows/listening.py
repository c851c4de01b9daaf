"""What the services that listen for requests share."""

import socket

from domain.errors import PreactiveError


def listening(what: str, host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises PreactiveError, with the name of the service, where that cannot be.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise PreactiveError(
            f"The {what} cannot listen on {host}:{port}: {error.strerror or error}; choose another --port."
        ) from None


def address(listener: socket.socket) -> str:
    """Where a socket listens, as an address to open."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
