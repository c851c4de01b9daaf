"""What a request to change existing endpoints comes to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Selected:
    """`already`: done before; `open`: selected before and not finished; `new`: to be done; `unusable`: cannot be."""

    already: int
    open: int
    new: int
    unusable: int
    change: int = 0

    @property
    def wanted(self) -> int:
        """Endpoints that are, or will be, as the request asks."""
        return self.already + self.open + self.new

    def sentence(self) -> str:
        """One line on what would be done."""
        return (
            f"{self.new:,} to activate, {self.open:,} to go on with, {self.already:,} done before, "
            f"{self.unusable:,} in another state"
        )
