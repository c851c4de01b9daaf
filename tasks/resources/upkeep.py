"""The store's upkeep, and the simulator."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters import settings
from tasks.resources.session import open_store

if TYPE_CHECKING:
    pass


def store_place() -> str:
    """The store's address without its password."""
    from adapters.store.engine import place

    return place(settings.load().store_url)


def upgrade_store() -> str:
    """Bring the store to the program's version, and return that version."""
    from adapters.store.store import upgrade_store as upgrade

    return upgrade(settings.load().store_url)


def check_store() -> list[str]:
    """What a check of the store found right.

    Raises StoreUnavailable.
    """
    from adapters.store.check import check

    store = open_store()
    try:
        return [store_place(), *store.write(check)]
    finally:
        store.close()


def run_simulator(arguments: Sequence[str]) -> int:
    """Run the platform simulator until it is told to end, and return its exit code."""
    from adapters.platforms.simulator.__main__ import main

    return main(arguments)
