"""A measured value beside what it must reach."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured value and what it must reach."""

    what: str
    value: float
    target: float | None = None
    at_least: bool = False
    unit: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the target is reached, if there is one."""
        if self.target is None:
            return True
        return self.value >= self.target if self.at_least else self.value <= self.target

    def line(self) -> str:
        """The figure for people."""
        target = "" if self.target is None else f"{'>=' if self.at_least else '<='} {self.target:g}"
        return f"{self.what:62}{self.value:10.3f} {self.unit:6}{target:>9}  {'' if self.is_met else 'MISSED'}"
