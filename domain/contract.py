"""What is known, and what is not, about the form of a platform's calls."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing about the contract. `ok` is None where a person has to look."""

    what: str
    ok: bool | None
    text: str
