"""What all tests may ask for: a store on either database. Nothing here starts before a test needs it."""

import gc
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A check that fails says what it saw, in the helpers too.
pytest.register_assert_rewrite("tests.support", "tests.flows", "tests.faults", "tests.lives")
# Others work on the same machine: a slow example is no error.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


# Folders whose files take long come first, so that at the end no process waits for the one with the longest.
_LONG = ("ui", "flows", "lives")
# What differs between the databases is below the tasks; what is above runs on both with `make chaos`.
_ABOVE_THE_STORE = {"flows", "tasks"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long first, and mark as `long` what runs once more on a second database."""
    items.sort(key=lambda item: next((n for n, folder in enumerate(_LONG) if folder in item.path.parts), len(_LONG)))
    for item in items:
        is_above = _ABOVE_THE_STORE & set(item.path.parts) and not item.get_closest_marker("both")
        if is_above and "postgresql" in getattr(getattr(item, "callspec", None), "params", {}).values():
            item.add_marker("long")


def pytest_collection_finish() -> None:
    """What was imported and collected is never looked through again by the collector of garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    if "sqlalchemy" in sys.modules:
        from tests.support.compiled import share_compiled_statements

        share_compiled_statements()


# Of what all tests of a process share, and may outlive those that asked for it first.
_SHARED_THREADS = ("warm", "execnet")


@pytest.fixture(scope="module", autouse=True)
def no_thread_is_left_running() -> Iterator[None]:
    """A thread that goes on after the tests of a file takes time from all that follow."""
    before = set(threading.enumerate())
    yield
    until = time.monotonic() + 10.0
    while left := [
        thread
        for thread in set(threading.enumerate()) - before
        if thread.is_alive() and not thread.name.startswith(_SHARED_THREADS)
    ]:
        assert time.monotonic() < until, f"threads are left running: {left}"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server for the tests of this process."""
    from tests.support.postgres import Postgres

    server = Postgres()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def prepared_file(tmp_path_factory) -> Path:
    """An embedded store with the program's tables, to be copied."""
    from adapters.store.store import Store

    path = tmp_path_factory.mktemp("prepared") / "store.db"
    Store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def quick_path() -> Iterator[Path]:
    """A folder in memory, where a commit costs nothing."""
    from tests.support.folders import quick_folder

    folder = quick_folder("test-")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request, quick_path) -> str:
    """The URL of a fresh store with its tables, on each database in turn."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres").fresh()
    shutil.copy(request.getfixturevalue("prepared_file"), quick_path / "store.db")
    return f"sqlite:///{quick_path}/store.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, quick_path) -> Iterator[str]:
    """The URL of a store that has no tables yet, on each database in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{quick_path}/store.db"
        return
    server = request.getfixturevalue("postgres")
    url = server.empty()
    yield url
    server.drop(url)
