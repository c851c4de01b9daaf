"""A batch that a run works on. Needs no Prefect."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.labels import Naming
from domain.options import Account


@dataclass(frozen=True)
class Batch:
    """A batch in the store, the bulk change that provisions it, and the file this is about (0: all its files)."""

    id: int
    name: str
    change: int
    rows: int
    source: int = 0
    template: str = ""  # of the names made for rows without one; empty for the account's
    conflicts: Mapping[str, str] = field(default_factory=dict)  # ICCIDs that were left as they are, and why

    def naming(self, options: Account) -> Naming:
        """How rows without a name got one."""
        return Naming(self.template or options.name_template, self.name)
