"""One measurement beside its target."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """What was measured. `most` and `least` are the targets; without either it is only told."""

    what: str
    value: float
    unit: str = ""
    most: float | None = None
    least: float | None = None

    @property
    def missed(self) -> bool:
        """Whether a target was missed."""
        return (self.most is not None and self.value > self.most) or (
            self.least is not None and self.value < self.least
        )

    @property
    def target(self) -> str:
        """The target in words."""
        if self.most is not None:
            return f"at most {self.most:g}"
        return f"at least {self.least:g}" if self.least is not None else ""

    def text(self) -> str:
        """One line of the table."""
        word = "MISSED" if self.missed else ("met" if self.target else "")
        return f"{self.what:<62}{self.value:>10.2f} {self.unit:<5}{self.target:<14}{word}".rstrip()
