"""What whole runs need: one Prefect API for each test process, and worlds to run commands in."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.flows.ordering import open_ordering
from tests.flows.prefect_api import PrefectApi
from tests.flows.prefect_server import Server, started
from tests.flows.world import World

MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectApi]:
    """One Prefect API for all commands of this test process, so that each of them starts in a few seconds."""
    api = PrefectApi(tmp_path_factory.mktemp("prefect-api"))
    yield api
    api.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One Prefect server with its UI for all tests of the group "prefect server"."""
    with started(tmp_path_factory.mktemp("server")) as made:
        yield made


@pytest.fixture
def bare_world(tmp_path: Path) -> Iterator[MakeWorld]:
    """Makes worlds whose commands know no Prefect API."""
    with ExitStack() as worlds:

        def make(**options: Any) -> World:
            folder = tmp_path / f"world-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            return worlds.enter_context(World(folder, **options))

        yield make


@pytest.fixture
def world(bare_world: MakeWorld, prefect_api: PrefectApi) -> MakeWorld:
    """Makes worlds whose commands use the Prefect API of this test process."""
    return lambda **options: bare_world(api=prefect_api, **options)


@pytest.fixture
def store_here(
    tmp_path: Path, quick_path: Path, prepared_file: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, str]:
    """The settings' place, and the URL of an embedded store."""
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))
    return tmp_path, f"sqlite:///{quick_path}/store.db"


@pytest.fixture
def service_of(store_here: tuple[Path, str]) -> Callable[..., Any]:
    """Opens order services on an embedded store."""
    return partial(open_ordering, *store_here)
