"""What a run may change by itself. It follows from who started it, and holds for the flows that it calls too.

A person at a terminal answers for `--limit`, and for `max_terminate` terminations. Every other run, started in the UI,
by a schedule, by an event or by another flow, may change `max_change` endpoints in all, and end none.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pydantic import BaseModel

from domain.approval import Bound, digest_of
from domain.options import Account
from domain.tenancy import marks_of

# A command is one run; persons sign for it before Prefect knows it.
_COMMAND: ContextVar[str] = ContextVar("command", default="")
_RUN: ContextVar[str] = ContextVar("run", default="")


def is_bounded() -> bool:
    """Whether anything but a person's command started this."""
    return not _COMMAND.get()


@contextmanager
def by_command() -> Iterator[None]:
    """What runs inside is one command of a person."""
    before = _COMMAND.set(_COMMAND.get() or str(uuid.uuid4()))
    try:
        yield
    finally:
        _COMMAND.reset(before)


@contextmanager
def in_run(run: str) -> Iterator[None]:
    """What runs inside belongs to this run of Prefect, unless it belongs to one already."""
    before = _RUN.set(_RUN.get() or run)
    try:
        yield
    finally:
        _RUN.reset(before)


def run_key() -> str:
    """What a run's signatures, and its share of the bound, are kept under."""
    return _COMMAND.get() or _RUN.get() or str(uuid.uuid4())


def bound_of(options: Account, request: BaseModel, *more: object, ends: bool = False) -> Bound | None:
    """What the run may change by itself; None for anything. Signatures cover the request, and `more`.

    They are for the tenant that the account is, and for what its group stands for. `ends`: endpoints are terminated.
    """
    group = options.groups.get(getattr(request, "group", None) or "")
    meant = (marks_of(options).sentence(), group.words() if group is not None else "")
    about = digest_of(type(request).__name__, request.model_dump(mode="json"), *meant, *more)
    if is_bounded():
        return Bound(run_key(), 0 if ends else options.max_change, about)
    return Bound(run_key(), options.max_terminate, about) if ends else None
