"""A bulk change in which something is left to do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What is left of one change: `planned` can be sent, `sent` and `in_doubt` are looked up first.

    `unread` was confirmed by answers, and nobody has looked since whether the platform shows it.
    """

    account: str
    change: int
    request: str
    planned: int
    sent: int
    in_doubt: int
    unread: int = 0

    def sentence(self) -> str:
        """One line on what is left."""
        parts = {"to send": self.planned, "sent by a process that ended": self.sent, "in doubt": self.in_doubt}
        parts["to be read back"] = self.unread
        left = ", ".join(f"{count:,} {words}" for words, count in parts.items() if count)
        return f"{self.request} on {self.account}: {left}"
