"""Bulk changes in which something is left to do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What is left of one change: `planned` can be sent, `sent` and `in_doubt` are looked up first.

    `unread` was confirmed by answers, and nobody has looked since whether the platform shows it.
    `is_worked_on`: a process that has calls under way for it lives, or was heard of a moment ago and may live.
    """

    account: str
    change: int
    request: str
    planned: int
    sent: int
    in_doubt: int
    unread: int = 0
    is_worked_on: bool = False

    def sentence(self) -> str:
        """One line on what is left."""
        by = "sent by a process that lives or may live" if self.is_worked_on else "sent by a process that ended"
        parts = {"to send": self.planned, by: self.sent, "in doubt": self.in_doubt, "to be read back": self.unread}
        left = ", ".join(f"{count:,} {words}" for words, count in parts.items() if count)
        return f"{self.request} on {self.account}: {left}"


@dataclass(frozen=True, slots=True)
class OwedReport:
    """The report of a change whose process ended before it was written."""

    account: str
    change: int
    title: str

    def sentence(self) -> str:
        """One line on what is missing."""
        return f"the report of {self.title} is missing"
