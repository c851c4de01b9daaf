"""The audit trail: facts that are only ever added, each bound to the one before, from which every mapping follows."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.capabilities import CAPABILITIES
from domain.lifecycle import MOVES, Kind, Lifecycle
from domain.operation import State, Work, decided_from
from domain.order import OrderState, judged
from domain.outcome import Because
from domain.ownership import as_refused

START = ""
GIVEN_BACK = "given_back"
ORDERED = "ordered"  # the event that says for which order a SIM is sent
# What a fact's hash covers, in this order: what it is about, and what was learned.
SUBJECT = ("account", "iccid", "name", "batch", "kind", "target", "round")
LEARNED = (
    *("token", "at", "event", "owner", "verdict", "state", "endpoint_id", "http_status", "code", "text"),
    *("response_id", "seconds"),
)
COVERED = SUBJECT + LEARNED
# Approvers and what they signed are a chain of their own, since they belong to no operation and no account.
APPROVERS = "~approvers"
SIGNED = ("at", "event", "name", "os_user", "approval_id", "text")


def subject(account: str, work: Work) -> dict[str, Any]:
    """What a fact about this operation is about."""
    about = (account, work.iccid, work.name, work.batch, work.kind.value, work.target, work.round)
    return dict(zip(SUBJECT, about, strict=True))


def link(before: str, fact: Mapping[str, Any], covered: Sequence[str] = COVERED) -> str:
    """The hash that binds a fact to the one before it. SHA-256, in hexadecimal."""
    words = json.dumps([before, *(fact[name] for name in covered)], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(words.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Chain:
    """An account's facts: how many there are, the last link, and what is wrong with them, if anything."""

    account: str
    length: int
    head: str
    broken: str = ""


def check(
    account: str, facts: Iterable[Mapping[str, Any]], *, length: int, head: str, covered: Sequence[str] = COVERED
) -> Chain:
    """Go through an account's facts in order; `length` and `head` are what there should be in the end."""
    count, last = 0, START
    for fact in facts:
        count += 1
        last = link(last, fact, covered)
        if fact["hash"] != last:
            what = f"fact {count:,} of account {account} ({fact['event']} of {fact['kind']}, id {fact['id']})"
            return Chain(account, count, last, f"{what} was changed, or one before it was taken out")
    if count != length:
        return Chain(account, count, last, f"account {account} has {count:,} facts and should have {length:,}")
    return Chain(account, count, last, "" if last == head else f"the last fact of account {account} was exchanged")


@dataclass(slots=True)
class Done:
    """What the facts say of one operation."""

    kind: Kind
    target: str
    round: int
    state: State = State.PLANNED
    token: int = 0
    code: str = ""
    text: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Ordered:
    """The order that a SIM was sent for, as the shop placed it."""

    order: str
    tag: str
    group: str
    at: float


@dataclass(slots=True)
class Traced:
    """What the facts say of one endpoint."""

    iccid: str
    name: str
    batch: str
    state: Lifecycle = Lifecycle.STOCK
    endpoint_id: str | None = None
    group: str | None = None
    at: float = 0.0
    tags: set[str] = field(default_factory=set)
    operations: dict[tuple[Kind, str, int], Done] = field(default_factory=dict)
    order: Ordered | None = None

    def latest(self, kind: Kind, target: str) -> Done | None:
        """The last round of an operation."""
        rounds = [one for one in self.operations.values() if (one.kind, one.target) == (kind, target)]
        return max(rounds, key=lambda one: one.round, default=None)


def fold(facts: Iterable[Mapping[str, Any]], platform: str) -> dict[str, Traced]:
    """Every endpoint of an account by ICCID, from its facts in order.

    Facts that changed nothing when they were learned change nothing here: those of an earlier attempt, and those
    that came after a decision.
    """
    found: dict[str, Traced] = {}
    for fact in facts:
        iccid = fact["iccid"]
        endpoint = found.get(iccid)
        if endpoint is None:
            endpoint = found[iccid] = Traced(iccid, fact["name"], fact["batch"])
        _apply(endpoint, fact, platform)
    return found


def _apply(endpoint: Traced, fact: Mapping[str, Any], platform: str) -> None:
    if fact["event"] == GIVEN_BACK:
        endpoint.order = None  # it may have been sold to somebody else since
    if fact["event"] == ORDERED:
        endpoint.order = Ordered(**json.loads(fact["text"]), at=fact["at"])
        return
    key = (Kind(fact["kind"]), fact["target"], fact["round"])
    operation = endpoint.operations.setdefault(key, Done(*key))
    state = State(fact["state"])
    if fact["event"] == "sent":
        operation.token = fact["token"]
    elif fact["token"] != operation.token or operation.state not in decided_from(fact["event"], state):
        return
    operation.state, operation.at = state, fact["at"]
    operation.code, operation.text = fact["code"], fact["text"]
    if fact["verdict"] == Because.ENDED and endpoint.state is Lifecycle.STOCK:
        endpoint.state, endpoint.at = Lifecycle.TERMINATED, fact["at"]
    if fact["verdict"] == Because.TAKEN and endpoint.state is Lifecycle.PRE_ACTIVE:
        endpoint.state, endpoint.at = Lifecycle.ACTIVE, fact["at"]
    if state is State.CONFIRMED:
        _confirm(endpoint, operation, fact, platform)


def _confirm(endpoint: Traced, operation: Done, fact: Mapping[str, Any], platform: str) -> None:
    move = MOVES[platform][operation.kind]
    # Late news leave a state alone that has moved on; what a person records is taken as it is.
    if move.to is not None and (endpoint.state in move.allowed_from or fact["event"] == "recorded"):
        endpoint.state = move.to
    endpoint.at = fact["at"]
    if operation.kind is Kind.CREATE:
        endpoint.endpoint_id = fact["endpoint_id"]
    elif operation.kind is Kind.ASSIGN or (operation.kind is Kind.ACTIVATE and operation.target):
        endpoint.group = operation.target
    elif operation.kind is Kind.TAG:
        endpoint.tags.add(operation.target)


# --- orders ---


def order_words(order: str, tag: str, group: str) -> str:
    """An order as a fact keeps it."""
    return json.dumps({"order": order, "tag": tag, "group": group}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Bought:
    """An order, the SIM that was sent for it last, and where that leaves it."""

    order: Ordered
    iccid: str
    state: OrderState


def bought(found: Iterable[Traced], platform: str) -> dict[str, Bought]:
    """Every order that a SIM was sent for, by number. A group that was still to be asked for is planned again."""
    last: dict[str, Traced] = {}
    for one in found:
        if one.order is not None and (one.order.order not in last or _is_later(one, last[one.order.order])):
            last[one.order.order] = one
    return {number: _bought(one, platform) for number, one in last.items()}


def _is_later(one: Traced, other: Traced) -> bool:
    assert one.order is not None
    assert other.order is not None
    return one.order.at > other.order.at


def _is_spoilt(activate: Done) -> bool:
    return as_refused(activate.state, activate.code) is State.REFUSED


def _bought(endpoint: Traced, platform: str) -> Bought:
    order = endpoint.order
    assert order is not None
    by_group = CAPABILITIES[platform].activates_by_assignment
    activate = endpoint.latest(Kind.ACTIVATE, order.group if by_group else "")
    assign = None
    if order.group and not by_group and activate is not None and not _is_spoilt(activate):
        key = (Kind.ASSIGN, order.group, 0)
        assign = endpoint.latest(*key[:2]) or endpoint.operations.setdefault(key, Done(*key))
    begun = None if activate is None else as_refused(activate.state, activate.code)
    state, spoilt = judged(begun, None if assign is None else assign.state)
    return Bought(order, endpoint.iccid, OrderState.NO_STOCK if spoilt else state)
