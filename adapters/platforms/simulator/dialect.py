"""What a fault has to know of the platform that it happens on. Each platform's exchange says it in its own form."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from aiohttp import web

from adapters.platforms.simulator.faults import FaultRule
from adapters.platforms.simulator.sft.envelope import Reply

Row = dict[str, Any]


class Dialect(ABC):
    """How answers, lists and changes look on one platform."""

    row_id: ClassVar[str]  # the field of a row that holds the endpoint's id
    contradiction: ClassVar[bytes]  # a member of the envelope, written a second time with another value
    content: ClassVar[bytes]  # the member of the envelope that holds what was asked for

    # --- what the platform says ---

    @abstractmethod
    def yes(self) -> Reply:
        """A success, whatever was done; a new endpoint gets an id that was never given."""

    @abstractmethod
    def accepted(self) -> Reply:
        """A success that names nothing new."""

    @abstractmethod
    def there_already(self) -> Reply:
        """A refusal because there is one already."""

    @abstractmethod
    def refusal(self, rule: FaultRule) -> Reply:
        """A refusal of this item."""

    @abstractmethod
    def too_fast(self, rule: FaultRule) -> web.Response:
        """The refusal of a request that came too fast."""

    @abstractmethod
    def bad_token(self, rule: FaultRule) -> Reply:
        """The answer to a token that is not taken."""

    # --- what an answer holds ---

    @abstractmethod
    def new_id(self, reply: Reply) -> tuple[Row, str]:
        """The object in which the id of a new endpoint stands, and the field; it may be missing."""

    @abstractmethod
    def rows(self, reply: Reply) -> list[Row]:
        """The rows of a list of SIMs, in which each has an `iccid`."""

    @abstractmethod
    def first_id(self) -> str:
        """The id of the endpoint that is there the longest."""

    # --- what was asked ---

    @abstractmethod
    def drop_filter(self) -> None:
        """Take the filter out of what was asked."""

    @abstractmethod
    def page(self) -> int | None:
        """The page that was asked for, from 1; None when the call is no list."""

    @abstractmethod
    def turn_to(self, page: int) -> None:
        """Ask for another page."""

    @abstractmethod
    def without_end(self, reply: Reply) -> None:
        """Say that many pages more are to come."""

    @abstractmethod
    def retag(self, change: Callable[[str], str]) -> None:
        """Change the tags that are to be added."""

    # --- what stands behind it ---

    @abstractmethod
    def undoing(self) -> Callable[[], None]:
        """What makes the endpoints that the call is about as they are now."""

    @abstractmethod
    def outside(self, form: str) -> None:
        """Let somebody else change what the call is about: `create`, `activate`, `suspend` or `delete`."""
