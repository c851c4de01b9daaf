"""What a request to change existing endpoints comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.errors import NotConfirmed
from domain.lifecycle import Kind

VERBS = {
    Kind.ACTIVATE: "activate",
    Kind.ASSIGN: "put into the group",
    Kind.SUSPEND: "suspend",
    Kind.RESUME: "resume",
    Kind.TERMINATE: "terminate",
}


@dataclass(frozen=True, slots=True)
class Selected:
    """What a request comes to, in numbers of endpoints; `rejected` counts rows of its file.

    `already`: done before, `outside` of them not by this change; `open`: selected before and not finished; `new`: to
    be done; `unusable`: in a state that does not allow it, or busy with another change; `refused`: refused before and
    left alone, `elsewhere` of them in another change; `unknown`: in the list and not in the store.
    `origins`: those for which nothing is on its way yet, by the group that they are in, empty for none.
    """

    already: int
    open: int
    new: int
    unusable: int
    change: int = 0
    refused: int = 0
    elsewhere: int = 0
    outside: int = 0
    unknown: int = 0
    rejected: int = 0
    kind: Kind = Kind.ACTIVATE
    some_unknown: tuple[str, ...] = ()
    origins: Mapping[str, int] = field(default_factory=dict)

    @property
    def wanted(self) -> int:
        """Endpoints that are, or will be, as the request asks."""
        return self.already + self.open + self.new

    @property
    def left_out(self) -> int:
        """What was asked for and cannot be done."""
        return self.unusable + self.unknown + self.rejected

    def sentence(self) -> str:
        """One line on what would be done."""
        parts = [
            f"{self.new:,} to {VERBS[self.kind]}, {self.open:,} to go on with, {self.already:,} done before, "
            f"{self.unusable:,} in another state"
        ]
        if self.refused:
            parts.append(f"{self.refused:,} refused before (--retry-refused tries them again)")
        if self.unknown:
            parts.append(f"{self.unknown:,} not in the store")
        if self.rejected:
            parts.append(f"{self.rejected:,} rejected rows")
        return ", ".join(parts)


def check_count(selected: Selected, confirmed: int | None) -> None:
    """Hold what cannot be undone unless a person named its number.

    Raises NotConfirmed.
    """
    number = selected.new + selected.open
    if number and confirmed != number:
        said = "no number was given" if confirmed is None else f"{confirmed:,} was given"
        raise NotConfirmed(
            f"{number:,} endpoints would be terminated for good and {said}, so nothing was changed; "
            f"if that is meant, say --confirm-count {number}."
        )
