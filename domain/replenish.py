"""Keeps pre-active stock between its marks: how many endpoints to create, and how long what there is will last."""

from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SALES_WEEKS = 4  # whose sales say how fast stock is used
_DAY = 86_400.0
SALES_SECONDS = SALES_WEEKS * 7 * _DAY


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


class ReplenishRequest(BaseModel):
    """Create endpoints from raw SIMs where pre-active stock fell below its mark."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str = Field(
        default="",
        title="Account",
        max_length=100,
        description="As named in the settings; default: their default account",
        json_schema_extra={"position": 0},
    )
    dry_run: bool = Field(default=True, title="Dry run", description="Only say", json_schema_extra={"position": 1})


@dataclass(frozen=True, slots=True)
class Level:
    """What there is for a mark. `coming`: being created; `raw`: SIMs in stock; `sold` in `seconds` up to now."""

    free: int
    coming: int
    raw: int
    sold: int
    seconds: float = SALES_SECONDS


@dataclass(frozen=True, slots=True)
class Need:
    """What follows for a mark: endpoints to create now, and days that free and raw SIMs last at the present sales."""

    mark: StockMark
    level: Level
    create: int
    cover_days: float | None
    raw_days: float | None

    @property
    def warning(self) -> str:
        """One sentence when raw SIMs run out, or nothing."""
        left = self.level.raw - self.create
        if self.level.raw < self._wanted:
            return f"raw SIMs have run out: {self._wanted - self.level.raw:,} more were needed; hand in a file"
        if self.raw_days is not None and self.raw_days < self.mark.warn_days:
            return f"raw SIMs run out in {self.raw_days:.1f} days ({left:,} left); hand in a file"
        return ""

    @property
    def _wanted(self) -> int:
        return wanted(self.mark, self.level)

    def sentence(self) -> str:
        """One line for people."""
        name = " · ".join(filter(None, (self.mark.tag, self.mark.group)))
        cover = "" if self.cover_days is None else f", {self.cover_days:.1f} days of cover"
        words = f"{name}: {self.level.free:,} free and {self.level.coming:,} coming of {self.mark.low:,} to "
        words += f"{self.mark.high:,}, {self.level.raw:,} raw{cover}; {self.create:,} to create"
        return f"{words}; {self.warning}" if self.warning else words


def wanted(mark: StockMark, level: Level) -> int:
    """How many endpoints fill stock up to its high mark, once it fell below the low one."""
    there = level.free + level.coming
    return mark.high - there if there < mark.low else 0


def need(mark: StockMark, level: Level, *, most: int) -> Need:
    """What to do about a mark, creating at most `most` endpoints."""
    create = min(wanted(mark, level), level.raw, most)
    per_day = level.sold / (level.seconds / _DAY)
    there = level.free + level.coming
    cover = there / per_day if per_day else None
    raw_days = (there + level.raw) / per_day if per_day else None
    return Need(mark, level, create, cover, raw_days)
