"""The numbers of a run, as people and other programs read them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from domain.counts import listed, sum_of_writes, too_few
from domain.lifecycle import Kind
from domain.words import plural

DONE, WITH_PROBLEMS, UNEXPECTED = 0, 3, 1


@dataclass(frozen=True)
class Summary:
    """What a run did. accepted = already + confirmed + refused + in_doubt + needs_human + open.

    `orders` says what became of the shop's orders, of which `orders_to_decide` wait for a person; no row of a batch is
    among them.
    """

    batch: str
    run: str
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    blank: int = 0
    already: int = 0
    confirmed: int = 0
    refused: int = 0
    in_doubt: int = 0
    needs_human: int = 0
    calls: int = 0
    seconds: float = 0.0
    reports: list[str] = field(default_factory=list)
    open: int = 0
    stopped: bool = False
    orders: str = ""
    orders_to_decide: int = 0
    other_names: int = 0  # rows whose endpoint keeps another name than the file says
    writes: dict[Kind, int] = field(default_factory=dict)  # done on the platform by this run
    asked: int = 0  # endpoints that a count asked for, where fewer could be had; of these `available`
    available: int = 0

    def json(self) -> dict[str, Any]:
        """The keys that other programs rely on."""
        return {name: value for name, value in asdict(self).items() if name not in _NOT_SHOWN}

    def numbers(self) -> Mapping[str, int | float]:
        """Only the numbers, in the order they are shown."""
        shown = {name: value for name, value in asdict(self).items() if isinstance(value, int | float)}
        hidden = _NOT_SHOWN if self.asked else (*_NOT_SHOWN, "asked", "available")
        return {name: value for name, value in shown.items() if name not in hidden}

    @property
    def is_complete(self) -> bool:
        """Whether the run came to its end and everything was sent."""
        return not (self.open or self.stopped)

    @property
    def exit_code(self) -> int:
        """0 done, 3 done with rows to look at, 1 ended early."""
        if not self.is_complete:
            return UNEXPECTED
        to_look_at = (self.rejected, self.refused, self.in_doubt, self.needs_human, self.orders_to_decide)
        return WITH_PROBLEMS if any((*to_look_at, self.other_names, self.asked)) else DONE

    def with_reports(self, reports: Sequence[str]) -> "Summary":
        """The same numbers with the report files of the run."""
        return replace(self, reports=list(reports))

    def sentence(self) -> str:
        """One line with every number that is not zero, the most wanted first."""
        parts = [f"{self.confirmed:,} confirmed"]
        for name, words in _WORDS.items():
            if value := getattr(self, name):
                parts.append(plural(value, *words))
        told = [", ".join(parts) + (" (stopped early)" if self.stopped else "")]
        if self.other_names:
            told.append(f"{plural(self.other_names, 'endpoint keeps', 'endpoints keep')} another name")
        if self.asked:
            told.append(too_few(self.asked, self.available))
        if self.writes:
            told.append(f"written: {listed(self.writes)}")
        return "; ".join([*told, self.orders] if self.orders else told)


_NOT_SHOWN = ("open", "stopped", "orders", "orders_to_decide")
_WORDS = {
    "already": ("already there",) * 2,
    "rejected": ("rejected",) * 2,
    "duplicates": ("duplicate", "duplicates"),
    "blank": ("blank",) * 2,
    "refused": ("refused",) * 2,
    "in_doubt": ("in doubt",) * 2,
    "needs_human": ("needs a person", "need a person"),
    "open": ("not sent",) * 2,
}


def sum_of(summaries: Sequence[Summary], *, batch: str) -> Summary:
    """The numbers of several changes that one run worked on."""
    numbers = [one.numbers() for one in summaries]
    total = {name: sum(each[name] for each in numbers) for name in (numbers[0] if numbers else {})}
    return Summary(
        batch,
        summaries[0].run if summaries else "",
        **total,  # type: ignore[arg-type]
        open=sum(one.open for one in summaries),
        writes=sum_of_writes(one.writes for one in summaries),
        stopped=any(one.stopped for one in summaries),
    )


def from_counts(counts: Mapping[str, int], **rest: Any) -> Summary:
    """A summary from the store's tally of endpoints by state."""
    return Summary(
        already=counts["already"] + rest.pop("known", 0),
        confirmed=counts["confirmed"],
        refused=counts["refused"],
        in_doubt=counts["in_doubt"] + counts["sent"],
        needs_human=counts["needs_human"],
        open=counts["planned"],
        **rest,
    )
