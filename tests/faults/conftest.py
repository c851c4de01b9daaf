"""Plays scenarios against the simulator with the real client and the real store, in virtual time."""

import shutil
from pathlib import Path

import pytest

from tests.support.virtual_world import VirtualWorld, virtually


@pytest.fixture
def play(quick_path: Path, prepared_file: Path):
    """Play a scenario in a world of its own."""
    shutil.copy(prepared_file, quick_path / "store.db")

    def run(scenario, **options):
        async def whole():
            async with VirtualWorld(f"sqlite:///{quick_path}/store.db", **options) as world:
                return await scenario(world)

        return virtually(whole)

    return run
