"""What whole runs need: one Prefect API for each test process, and worlds to run commands in."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from tests.flows.ordering import open_ordering
from tests.flows.prefect_api import PrefectApi
from tests.flows.prefect_server import Server, started
from tests.flows.prefect_store import fill, prepared
from tests.flows.world import World

MakeWorld = Callable[..., World]


@pytest.fixture(scope="session")
def prefect_store(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Prefect's own database with its tables, which all test processes share for copying."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "prefect-store"
    folder.mkdir(exist_ok=True)
    return prepared(folder)


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory, prefect_store: Path) -> Iterator[PrefectApi]:
    """One Prefect API for all commands of this test process, so that each of them starts in a few seconds."""
    api = PrefectApi(tmp_path_factory.mktemp("prefect-api"), prefect_store)
    yield api
    api.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, prefect_store: Path) -> Iterator[Server]:
    """One Prefect server with its UI for all tests of the group "prefect server"."""
    with started(tmp_path_factory.mktemp("server"), prefect_store) as made:
        yield made


@pytest.fixture
def bare_world(tmp_path: Path, prefect_store: Path, prepared_file: Path) -> Iterator[MakeWorld]:
    """Makes worlds whose commands know no Prefect API, and start their own: the first ever if it is a `first_run`."""
    with ExitStack() as worlds:

        def make(*, first_run: bool = False, **options: Any) -> World:
            folder = tmp_path / f"world-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            if not first_run:
                copy(prepared_file, folder / "store.db")
            if not first_run and "api" not in options:
                home = folder / "prefect"
                home.mkdir(mode=0o700)
                fill(home, prefect_store)
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
