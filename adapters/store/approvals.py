"""Approvers with their codes, and the requests they sign. Answers are only ever added."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from adapters.store.approver_log import add_fact, alone, os_user
from adapters.store.clock import store_now
from adapters.store.tables import approval_answers, approvals, approver_codes, approvers
from domain.approval import (
    LOCK_AFTER,
    LOCK_SECONDS,
    Answer,
    Change,
    Decision,
    Request,
    Standing,
    Verdict,
    judge,
    matching,
)
from domain.errors import NothingSelected


@dataclass(frozen=True, slots=True)
class Signature:
    """An answer as it came in, its code hashed already."""

    name: str
    hashed: str
    decision: Decision


def set_approver(connection: Connection, name: str, salt: str, hashes: Sequence[str]) -> None:
    """Enter a person with these codes; the codes of an earlier time are void."""
    alone(connection)
    known = _strike(connection, name)
    values = {"name": name, "salt": salt, "added_at": store_now(connection), "added_by": os_user()}
    connection.execute(insert(approvers), values)
    connection.execute(insert(approver_codes), [{"approver": name, "hash": each} for each in hashes])
    add_fact(connection, "new_codes" if known else "added", name)


def remove_approver(connection: Connection, name: str) -> bool:
    """Strike a person, and say whether there was one. What the person signed stays on record."""
    alone(connection)
    known = _strike(connection, name)
    if known:
        add_fact(connection, "removed", name)
    return known


def _strike(connection: Connection, name: str) -> bool:
    connection.execute(delete(approver_codes).where(approver_codes.c.approver == name))
    return connection.execute(delete(approvers).where(approvers.c.name == name)).rowcount > 0


def salt_of(connection: Connection, name: str) -> str | None:
    """The salt of a person's codes."""
    return connection.execute(select(approvers.c.salt).where(approvers.c.name == name)).scalar_one_or_none()


def able_to_sign(connection: Connection) -> int:
    """How many persons have a code left."""
    left = select(approver_codes.c.approver).where(approver_codes.c.used_at.is_(None)).distinct()
    return int(connection.execute(select(func.count()).select_from(left.subquery())).scalar_one())


def request(connection: Connection, run: str, change: Change) -> Request:
    """The request of this run for this change, made when there is none yet."""
    alone(connection)
    a = approvals.c
    ours = (a.run == run) & (a.digest == change.digest)
    found = connection.execute(select(a.id).where(ours)).scalar_one_or_none()
    if found is None:
        values = {"run": run, "count": change.count, "created_at": store_now(connection)}
        about = {"account": change.account, "words": change.words, "digest": change.digest}
        connection.execute(insert(approvals), values | about | {"standing": Standing.WAITING.value})
        found = connection.execute(select(a.id).where(ours)).scalar_one()
    return _read(connection, found)


def answer(connection: Connection, request_id: int, number: int, signature: Signature) -> Request:
    """Record an answer, the code with it. An answer of this number that is there already is the one that counts."""
    alone(connection)
    before = _read(connection, request_id)
    if len(before.answers) != number or before.standing is not Standing.WAITING:
        return before
    verdict = _judge(connection, before, signature)
    now = store_now(connection)
    connection.execute(
        insert(approval_answers),
        {"approval_id": request_id, "number": number, "name": signature.name, "verdict": verdict.value, "at": now},
    )
    # What was typed into the name's field may be anything, a code too.
    name = "" if verdict is Verdict.UNKNOWN_PERSON else signature.name
    add_fact(connection, verdict.value, name, approval=request_id, text=_about(connection, request_id))
    after = _read(connection, request_id)
    if after.standing is not Standing.WAITING:
        a = approvals.c
        connection.execute(
            update(approvals).where(a.id == request_id).values(standing=after.standing.value, decided_at=now)
        )
    return after


def _about(connection: Connection, request_id: int) -> str:
    a = approvals.c
    row = connection.execute(select(a.account, a.words, a.digest).where(a.id == request_id)).one()
    return f"{row.words} on account {row.account}, digest {row.digest}"


def _judge(connection: Connection, before: Request, signature: Signature) -> Verdict:
    p, c = approvers.c, approver_codes.c
    now = store_now(connection)
    row = connection.execute(select(p.failures, p.locked_until).where(p.name == signature.name)).first()
    unused = select(c.hash).where(c.approver == signature.name, c.used_at.is_(None))
    code = matching(signature.hashed, connection.execute(unused).scalars().all())
    verdict = judge(
        signature.name,
        signature.decision,
        signers=before.signers,
        known=row is not None,
        locked=row is not None and row.locked_until > now,
        right=code is not None,
    )
    if code is not None:  # somebody else may have read it meanwhile, so it is spent whatever came of it
        connection.execute(
            update(approver_codes).where(c.approver == signature.name, c.hash == code).values(used_at=now)
        )
    if row is not None and verdict is not Verdict.LOCKED:
        _count(connection, signature.name, row.failures + 1 if verdict is Verdict.WRONG_CODE else 0, now)
    return verdict


def _count(connection: Connection, name: str, failures: int, now: float) -> None:
    values: dict[str, float] = {"failures": failures}
    if failures >= LOCK_AFTER:
        values = {"failures": 0, "locked_until": now + LOCK_SECONDS}
    connection.execute(update(approvers).where(approvers.c.name == name).values(**values))


def _read(connection: Connection, request_id: int) -> Request:
    count = connection.execute(select(approvals.c.count).where(approvals.c.id == request_id)).scalar_one_or_none()
    if count is None:
        raise NothingSelected(f"There is no request for approval {request_id}.")
    a = approval_answers.c
    rows = connection.execute(select(a.name, a.verdict).where(a.approval_id == request_id).order_by(a.number))
    return Request(request_id, count, tuple(Answer(row.name, Verdict(row.verdict)) for row in rows))
