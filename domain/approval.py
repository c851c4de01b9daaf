"""Approval of a change that is too large for one person: two persons sign, each with a code that works once.

The first to sign is the one who asks for the change, the second must be somebody else. Prefect knows no persons, so
the rules and the record are ours. Codes work once because an answer passes through Prefect, where others can read it.
"""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import UsageError

SIGNATURES = 2
TRIES = 5  # answers that do not count, after which the request is refused
LOCK_AFTER, LOCK_SECONDS = 5, 900.0  # wrong codes of one person, over all requests
CODES = 10
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
# Without the letters that are taken for digits.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Bound:
    """What a run may change by itself: so many endpoints in all, however often it plans.

    Beyond that, two persons must have signed for exactly what is planned. `request` is a digest of what was asked for.
    """

    run: str
    allowed: int
    request: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What two persons must sign: so many endpoints. The run may still change `allowed` by itself, of `bound` in all.

    The digest covers the request and every operation that it plans.
    """

    account: str
    words: str
    digest: str
    count: int
    allowed: int
    bound: int

    @property
    def fits_another_run(self) -> bool:
        """Whether this is only too much because of what the run has changed before."""
        return self.count <= self.bound


class Decision(StrEnum):
    """What a person says to a request."""

    APPROVE = "approve"
    REFUSE = "refuse"


class Verdict(StrEnum):
    """What became of an answer."""

    SIGNED = "signed"
    REFUSED = "refused"
    SAME_PERSON = "same_person"
    WRONG_CODE = "wrong_code"
    UNKNOWN_PERSON = "unknown_person"
    LOCKED = "locked"


class Standing(StrEnum):
    """Where a request stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"


# Nobody learns from a refusal whether the name or the code was wrong.
_NOT_RECOGNISED = "name or code was not recognised"
SENTENCES = {
    Verdict.SIGNED: "signed",
    Verdict.REFUSED: "said no",
    Verdict.SAME_PERSON: "the second person must be another one than the first",
    Verdict.WRONG_CODE: _NOT_RECOGNISED,
    Verdict.UNKNOWN_PERSON: _NOT_RECOGNISED,
    Verdict.LOCKED: _NOT_RECOGNISED,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person answered."""

    name: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Request:
    """A change that waits for signatures, with what was answered so far."""

    id: int
    count: int
    answers: tuple[Answer, ...] = ()

    @property
    def signers(self) -> list[str]:
        """Who has signed."""
        return [answer.name for answer in self.answers if answer.verdict is Verdict.SIGNED]

    @property
    def tries_left(self) -> int:
        """How many more answers may fail to count."""
        return TRIES - sum(answer.verdict not in (Verdict.SIGNED, Verdict.REFUSED) for answer in self.answers)

    @property
    def standing(self) -> Standing:
        """Where the request stands after these answers."""
        if any(answer.verdict is Verdict.REFUSED for answer in self.answers) or self.tries_left <= 0:
            return Standing.REFUSED
        return Standing.APPROVED if len(self.signers) >= SIGNATURES else Standing.WAITING

    @property
    def why_refused(self) -> str:
        """Why the request is refused, in words."""
        names = [answer.name for answer in self.answers if answer.verdict is Verdict.REFUSED]
        return f"{names[0]} said no" if names else f"{TRIES} answers did not count"


def judge(name: str, decision: Decision, *, signers: Sequence[str], known: bool, locked: bool, right: bool) -> Verdict:
    """What an answer comes to. `right`: the code is one of this person's that was not used yet."""
    if not known:
        return Verdict.UNKNOWN_PERSON
    if locked:
        return Verdict.LOCKED
    if not right:
        return Verdict.WRONG_CODE
    if decision is Decision.REFUSE:
        return Verdict.REFUSED
    return Verdict.SAME_PERSON if name in signers else Verdict.SIGNED


def digest_of(*parts: object) -> str:
    """One value for what exactly a change is, so that an approval is of no use for another."""
    return hashlib.sha256(json.dumps(parts, separators=(",", ":"), default=str).encode()).hexdigest()


def person(name: str) -> str:
    """A person's name as the store has it.

    Raises UsageError.
    """
    folded = name.strip().casefold()
    if not _NAME.fullmatch(folded):
        raise UsageError(f"The name {name!r} is not usable: 1 to 64 letters, digits, dots, hyphens and underscores.")
    return folded


def fold(name: str) -> str:
    """A name from a form as it is compared; what is too long to be anybody's is cut."""
    return name.strip().casefold()[:64]


def new_code() -> str:
    """A code for a person, 60 bits of chance in a form that can be typed."""
    letters = [secrets.choice(_LETTERS) for _ in range(12)]
    return "-".join("".join(letters[first : first + 4]) for first in (0, 4, 8))


def new_salt() -> str:
    """A person's salt."""
    return secrets.token_hex(16)


def hash_code(code: str, salt: str) -> str:
    """A code as the store keeps it: slow on purpose, about 50 ms."""
    plain = re.sub(r"[\s-]", "", code).upper()[:64]
    return hashlib.scrypt(plain.encode(), salt=salt.encode(), n=2**14, r=8, p=1).hex()


def matching(hashed: str, kept: Sequence[str]) -> str | None:
    """The one of the kept hashes that is this one. Takes the same time wherever it stands."""
    found = None
    for each in kept:
        if hmac.compare_digest(each, hashed):
            found = each
    return found
