"""Controls: endpoints that were given something, so that a look-up which does not show it there shows it nowhere."""

from collections.abc import Sequence
from typing import Protocol

from domain.lifecycle import Kind


class Controls(Protocol):
    """What the store knows of the account's confirmed changes."""

    async def of(self, kind: Kind) -> Sequence[str]:
        """A few endpoint ids for which a change of this kind is confirmed, the newest first."""


class NoControls:
    """Knows of no endpoint, so that only what a look-up showed in this process counts."""

    async def of(self, kind: Kind) -> Sequence[str]:  # noqa: ARG002 - it knows of none
        """See Controls."""
        return ()
