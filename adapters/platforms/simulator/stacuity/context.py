"""What a handler is given: the account behind the API, and one call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.platforms.simulator.stacuity.config import StacuityConfig
from adapters.platforms.simulator.stacuity.envelope import Malformed
from adapters.platforms.simulator.stacuity.estate import Estate


@dataclass(slots=True)
class Platform:
    """The account and its knobs."""

    config: StacuityConfig
    estate: Estate


@dataclass(slots=True)
class Call:
    """One request as the handlers see it. `keys` are the parts of the path."""

    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, Any]:
        """The body, which must be an object. Raises Malformed."""
        if not isinstance(self.body, dict):
            raise Malformed("an object is expected")
        return self.body

    @property
    def items(self) -> list[dict[str, Any]]:
        """The body, which must be a list of objects. Raises Malformed."""
        if not isinstance(self.body, list) or not all(isinstance(item, dict) for item in self.body):
            raise Malformed("a list of objects is expected")
        return self.body


Handler = Callable[[Platform, Call], dict[str, Any]]
