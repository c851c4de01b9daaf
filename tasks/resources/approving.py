"""Approvers, and the requests that they sign."""

from collections.abc import Callable
from typing import Any, TypeVar

from adapters.store import queries
from domain.approval import CODES, Change, Decision, Request, fold, hash_code, new_code, new_salt, person
from tasks.resources.session import open_store, reader

T = TypeVar("T")


def add_approver(name: str) -> list[str]:
    """Enter a person, or give the person new codes, and return them; they are not kept in a form that can be read.

    Raises UsageError.
    """
    from adapters.store import approvals

    salt, codes = new_salt(), [new_code() for _ in range(CODES)]
    _write(approvals.set_approver, person(name), salt, [hash_code(code, salt) for code in codes])
    return codes


def remove_approver(name: str) -> bool:
    """Strike a person, and say whether there was one."""
    from adapters.store import approvals

    return _write(approvals.remove_approver, person(name))


def approvers() -> list[dict[str, Any]]:
    """The approvers, each with the number of codes left."""
    with reader() as opened:
        return queries.approvers(opened)


def approver_facts() -> list[dict[str, Any]]:
    """Who was made an approver, struck, signed, and what was done with it, in order."""
    with reader() as opened:
        return queries.approver_facts(opened)


def able_to_sign() -> int:
    """How many persons could sign now."""
    from adapters.store import approvals

    return _write(approvals.able_to_sign)


def request_approval(run: str, change: Change) -> Request:
    """The request of this run for this change."""
    from adapters.store import approvals

    return _write(approvals.request, run, change)


def answer_request(request: Request, name: str, code: str, decision: Decision) -> Request:
    """Record what a person answered, and say where the request stands then."""
    from adapters.store import approvals

    folded = fold(name)
    # An unknown name is hashed as well, so that it takes as long as a known one.
    hashed = hash_code(code, _write(approvals.salt_of, folded) or new_salt())
    signature = approvals.Signature(folded, hashed, decision)
    return _write(approvals.answer, request.id, len(request.answers), signature)


def _write(function: Callable[..., T], *args: object) -> T:
    store = open_store()
    try:
        return store.write(function, *args)
    finally:
        store.close()
