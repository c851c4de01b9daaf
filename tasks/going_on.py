"""What came of going on with what was left undone."""

from dataclasses import dataclass, field, replace

from domain.errors import PreactiveError
from domain.summary import Summary, sum_of
from tasks.selling import Swept


@dataclass
class Came:
    """What came of each account."""

    done: list[Summary] = field(default_factory=list)
    written: list[str] = field(default_factory=list)  # reports that other runs left unwritten
    swept: dict[str, Swept] = field(default_factory=dict)
    errors: list[PreactiveError] = field(default_factory=list)
    stopped: bool = False

    def summary(self, run: str) -> Summary:
        """The numbers of all accounts."""
        total = sum_of(self.done, batch="unfinished")
        return replace(
            total,
            run=run,
            reports=[*(path for summary in self.done for path in summary.reports), *self.written],
            stopped=total.stopped or self.stopped,
            orders="; ".join(f"{account}: {one.sentence()}" for account, one in self.swept.items()),
            orders_to_decide=sum(one.needs_human + one.refunding for one in self.swept.values()),
        )
