"""Marks of stock: between which numbers the free pre-active SIMs of a tag are kept."""

from collections.abc import Iterable
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class StockMark(BaseModel):
    """Between which numbers the free pre-active SIMs of a tag and group are kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tag: str = Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")
    group: str = Field(default="", max_length=100)
    low: int = Field(ge=0)
    high: int = Field(ge=1)
    warn_days: float = Field(default=14, ge=0, le=3650)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low >= self.high:
            raise ValueError("low must be below high")
        return self


def check_marks(marks: Iterable[StockMark]) -> None:
    """Hold two marks of which nobody could tell which counts.

    Raises ValueError.
    """
    seen = set()
    for mark in marks:
        if (mark.tag, mark.group) in seen:
            words = f"tag {mark.tag} and group {mark.group}" if mark.group else f"tag {mark.tag}"
            raise ValueError(f"has two marks for {words}; write one, or name another group in one of them")
        seen.add((mark.tag, mark.group))


def by_tag(marks: Iterable[StockMark]) -> list[StockMark]:
    """One mark for each tag. Before its activation an endpoint is in no group, so the marks of a tag add up."""
    found: dict[str, StockMark] = {}
    for mark in marks:
        found[mark.tag] = _sum(found[mark.tag], mark) if mark.tag in found else mark
    return list(found.values())


def _sum(one: StockMark, other: StockMark) -> StockMark:
    return StockMark.model_construct(
        tag=one.tag,
        group=", ".join(filter(None, (one.group, other.group))),
        low=one.low + other.low,
        high=one.high + other.high,
        warn_days=max(one.warn_days, other.warn_days),
    )
