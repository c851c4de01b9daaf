"""What operators see and sign, on a real Prefect server. They run only when this folder is asked for: `make ui`."""

from pathlib import Path

import pytest

from tests.flows.conftest import bare_world, prefect_api, server, world

__all__ = ["bare_world", "prefect_api", "server", "world"]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder out of runs of the whole suite."""
    return None if any("ui" in Path(str(argument)).parts for argument in config.args) else True
