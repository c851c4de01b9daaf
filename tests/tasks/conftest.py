"""Settings of a test's own, as the program finds them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters import settings
from tests.support.fleet import fleet_in

ACCOUNT = """
store_url = "sqlite:///{folder}/store.db"
reports_dir = "{folder}/reports"
default_account = "travel"
[accounts.travel]
base_url = "http://127.0.0.1:9/api"
username = "u"
password = "p"
max_in_flight = 4
max_change = 50
{more}
[accounts.travel.groups.eu]
addon_plan_id = "654321"
[accounts.fleet]
platform = "stacuity"
base_url = "https://stacuity.example/api"
"""

Configure = Callable[..., Path]


@pytest.fixture
def configure(tmp_path, monkeypatch) -> Iterator[Configure]:
    """Writes the settings file and makes the program read it; returns the folder of store and reports."""

    def write(more: str = "") -> Path:
        (tmp_path / "preactive.toml").write_text(ACCOUNT.format(folder=tmp_path, more=more))
        settings.load.cache_clear()
        return tmp_path

    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))
    monkeypatch.chdir(tmp_path)
    yield write
    settings.load.cache_clear()


@pytest.fixture
def folder(configure) -> Path:
    """The folder of store and reports, with plain settings."""
    return configure()


@pytest.fixture
async def fleet(quick_path, monkeypatch):
    """A Stacuity account with one SIM; see tests.support.fleet."""
    async with fleet_in(quick_path, monkeypatch) as made:
        yield made
