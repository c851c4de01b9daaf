"""Keeps pre-active stock between its marks: how many endpoints to create, and how long what there is will last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from domain.stock_mark import StockMark, by_tag
from domain.words import plural

SALES_WEEKS = 4  # whose sales say how fast stock is used
_DAY = 86_400.0
SALES_SECONDS = SALES_WEEKS * 7 * _DAY
SHORTEST_SECONDS = 2 * _DAY  # what a tag that is new is measured over at least
REFUSALS_IN_A_ROW = 10  # a platform that refuses so many creates hardly does so because of the SIMs


class ReplenishRequest(BaseModel):
    """Create endpoints from raw SIMs where pre-active stock fell below its mark."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str = Field(
        default="",
        title="Account",
        max_length=100,
        description="As named in the settings; default: every account that has marks of stock",
        json_schema_extra={"position": 0},
    )
    dry_run: bool = Field(default=True, title="Dry run", description="Only say", json_schema_extra={"position": 1})
    retry_refused: bool = Field(
        default=False,
        title="Retry refused",
        description="Try SIMs that the platform refused before other raw SIMs; what a person refused is left alone",
        json_schema_extra={"position": 2},
    )
    go_on: bool = Field(
        default=False,
        title="Go on",
        description="Take more raw SIMs though the platform refused the last ones one after the other",
        json_schema_extra={"position": 3},
    )


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file's SIMs that were to be raw stock."""

    batch: str
    new: int
    endpoints: int
    known: int
    rejected: int

    def json(self) -> dict[str, int]:
        """The numbers, for other programs."""
        return {"new": self.new, "endpoints": self.endpoints, "known": self.known}

    def sentence(self) -> str:
        """One line for people."""
        words = f"Batch {self.batch}: {plural(self.new, 'new SIM')} in raw stock"
        words += f", {plural(self.endpoints, 'is an endpoint', 'are endpoints')} already" if self.endpoints else ""
        words += f", {self.known:,} known before" if self.known else ""
        return f"{words}, {plural(self.rejected, 'row')} rejected."


@dataclass(frozen=True, slots=True)
class Level:
    """What there is for a mark. `coming`: being created; `raw`: SIMs in stock; `sold` in `seconds` up to now.

    `refused`: raw SIMs that may be tried again; `in_a_row`: creates refused since the last one that was confirmed.
    """

    free: int
    coming: int
    raw: int
    sold: int
    seconds: float = SALES_SECONDS
    refused: int = 0
    in_a_row: int = 0

    @property
    def there(self) -> int:
        """What is free now or will be soon."""
        return self.free + self.coming


@dataclass(frozen=True, slots=True)
class Need:
    """What follows for a mark: endpoints to create now, and days that free and raw SIMs last at the present sales."""

    mark: StockMark
    level: Level
    create: int
    supply: int  # SIMs that it may be made of
    cover_days: float | None
    raw_days: float | None
    held: bool = False

    @property
    def is_low(self) -> bool:
        """Whether fewer SIMs are free than the low mark asks for."""
        return self.level.free < self.mark.low

    @property
    def warning(self) -> str:
        """One sentence when raw SIMs run out, or nothing. How many may be created at once has no part in it."""
        left, missing = self.supply - self.create, wanted(self.mark, self.level) - self.supply
        if missing > 0:
            return f"raw SIMs have run out: {missing:,} more were needed; hand in a file"
        if not left:
            return "no raw SIMs are left; hand in a file"
        if self.raw_days is not None and self.raw_days < self.mark.warn_days:
            return f"raw SIMs run out in {self.raw_days:.1f} days ({left:,} left); hand in a file"
        return ""

    @property
    def hold(self) -> str:
        """One sentence when nothing is created because the platform refuses, or nothing."""
        if not self.held:
            return ""
        return (
            f"held: the last {self.level.in_a_row:,} creates were all refused; find out why, then try them again with "
            "`preactive replenish --retry-refused`, or take other SIMs with `preactive replenish --go-on`"
        )

    @property
    def has_trouble(self) -> bool:
        """Whether a person should look at this mark."""
        return bool(self.held or self.is_low or self.warning)

    def sentence(self) -> str:
        """One line for people."""
        level, mark = self.level, self.mark
        name = " · ".join(filter(None, (mark.tag, mark.group)))
        words = f"{name}: {level.free:,} free and {level.coming:,} coming of {mark.low:,} to {mark.high:,}, "
        words += f"{level.raw:,} raw" + (f", {level.refused:,} refused" if level.refused else "")
        words += "" if self.cover_days is None else f", {self.cover_days:.1f} days of cover"
        later = 0 if self.held else min(wanted(mark, level), self.supply) - self.create
        words += f"; {self.create:,} to create" + (f" now and {later:,} in later runs" if later else "")
        return "; ".join(filter(None, (words, self.hold, self.warning)))


@dataclass(frozen=True, slots=True)
class Fill:
    """A mark's need as it was planned, and the change that holds what is to be sent; 0: there is nothing to send."""

    need: Need
    change: int = 0


def lines(stock: Mapping[str, Sequence[Need]], *, only_trouble: bool = False) -> list[str]:
    """A line for each mark of these accounts; where there are several, it begins with the account's name."""
    return [
        f"{account}: {need.sentence()}" if len(stock) > 1 else need.sentence()
        for account, needs in stock.items()
        for need in needs
        if need.has_trouble or not only_trouble
    ]


def against_marks(rows: Iterable[Mapping[str, Any]], marks: Mapping[str, Sequence[StockMark]]) -> list[dict[str, Any]]:
    """Rows of stock by account, tag and group, with the marks of what waits: SIMs that are in no group yet.

    All marks of a tag are kept from the same SIMs, so they add up. A mark without any SIM has a row too.
    """
    found = {(row["account"], row["tag"], row["group"]): {**row, "low": None, "high": None} for row in rows}
    states = dict.fromkeys(("stock", "pre_active", "active", "suspended", "terminated"), 0)
    for account, of_account in marks.items():
        for mark in by_tag(of_account):
            empty = {"account": account, "tag": mark.tag, "group": "", **states, "low": None, "high": None}
            row = found.setdefault((account, mark.tag, ""), empty)
            row["low"], row["high"] = mark.low, mark.high
    return [found[key] for key in sorted(found)]


def wanted(mark: StockMark, level: Level) -> int:
    """How many endpoints fill stock up to its high mark, once it fell below the low one."""
    return mark.high - level.there if level.there < mark.low else 0


def need(mark: StockMark, level: Level, *, most: int, retry_refused: bool = False, go_on: bool = False) -> Need:
    """What to do about a mark, creating at most `most` endpoints.

    With `retry_refused` refused SIMs are raw ones again; it and `go_on` go past a row of refusals.
    """
    fill = wanted(mark, level)
    held = fill > 0 and level.in_a_row >= REFUSALS_IN_A_ROW and not (retry_refused or go_on)
    supply = level.raw + (level.refused if retry_refused else 0)
    per_day = level.sold / (level.seconds / _DAY)
    return Need(
        mark,
        level,
        create=0 if held else min(fill, supply, most),
        supply=supply,
        cover_days=level.there / per_day if per_day else None,
        raw_days=(level.there + level.raw) / per_day if per_day else None,
        held=held,
    )


def span(now: float, first_sale: float | None) -> float:
    """The seconds up to now whose sales say how fast a tag's stock is used: all it was sold in, up to four weeks."""
    if first_sale is None:
        return SALES_SECONDS
    return min(SALES_SECONDS, max(SHORTEST_SECONDS, now - first_sale))
