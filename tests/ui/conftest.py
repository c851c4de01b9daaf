"""What operators see and sign, on a real Prefect server.

The browser's tests belong to the whole suite; the others run only when this folder is asked for: `make ui`.
"""

from pathlib import Path

import pytest

from tests.flows.conftest import bare_world, prefect_api, prefect_store, server, world

__all__ = ["bare_world", "prefect_api", "prefect_store", "server", "world"]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave all but the browser out of runs of the whole suite."""
    is_asked_for = any("ui" in Path(str(argument)).parts for argument in config.args)
    return None if is_asked_for or collection_path.name in ("ui", "test_browser.py") else True
