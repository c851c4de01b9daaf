"""Long searches for faults. They run only when this folder is asked for: `make chaos`."""

import os
import random
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import bare_world, prefect_api, prefect_store, world

__all__ = ["bare_world", "prefect_api", "prefect_store", "world"]

SEEDS = int(os.environ.get("CHAOS_SEEDS", "1"))
FIRST = int(os.environ.get("CHAOS_FIRST_SEED", "1"))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder out of runs of the whole suite."""
    return None if any("chaos" in str(argument) for argument in config.args) else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, so that no worker waits for one that began last."""
    items.sort(key=lambda item: ("stories" not in item.nodeid, "long" not in item.nodeid))


def pytest_generate_tests(metafunc: Any) -> None:
    """Every search runs once for each seed; the seed is in the test's name, so that it can be repeated."""
    if "chance" in metafunc.fixturenames:
        metafunc.parametrize("chance", range(FIRST, FIRST + SEEDS), indirect=True, ids=lambda seed: f"seed {seed}")


@pytest.fixture
def chance(request) -> random.Random:
    """Random numbers of the test's seed."""
    print(f"CHAOS_FIRST_SEED={request.param} CHAOS_SEEDS=1 repeats this")
    return random.Random(f"{request.node.originalname} {request.param}")
