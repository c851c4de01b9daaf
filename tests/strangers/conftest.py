"""Other people's clients against the simulators. They run only when this folder is asked for: `make strangers`."""

from pathlib import Path

import pytest

from tests.adapters.platforms.simulator.stacuity.conftest import account, start

__all__ = ["account", "start"]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave this folder out of runs of the whole suite."""
    return None if any("strangers" in str(argument) for argument in config.args) else True
