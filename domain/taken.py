"""What a look into the inbox came to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Taken:
    """Numbers of files. `unfinished` ones became batches of which something is left to do, `waiting` ones stay."""

    processed: int = 0
    unfinished: int = 0
    rejected: int = 0
    left: int = 0
    waiting: int = 0
    stopped: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether every file that was ready is dealt with to its end."""
        return not (self.unfinished or self.left or self.stopped)

    @property
    def needs_a_look(self) -> bool:
        """Whether a person should hear of it."""
        return self.rejected > 0 or not self.is_complete

    def sentence(self) -> str:
        """One line with the numbers."""
        unfinished = f"{self.unfinished:,} unfinished, " if self.unfinished else ""
        return (
            f"{self.processed:,} processed, {unfinished}{self.rejected:,} rejected, {self.left:,} left, "
            f"{self.waiting:,} waiting" + (" (stopped early)" if self.stopped else "")
        )
