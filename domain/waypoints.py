"""Named points on the way of an operation, where a test can end or freeze the process; nothing else ever listens."""

from collections.abc import Callable

_listener: Callable[[str], None] | None = None


def reached(point: str) -> None:
    """Say that this point was reached."""
    if _listener is not None:
        _listener(point)


def listen(listener: Callable[[str], None] | None) -> None:
    """Call this at every point from now on, in whatever thread reaches it."""
    global _listener  # noqa: PLW0603 - one process, one way
    _listener = listener
