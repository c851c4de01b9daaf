"""No password and no token is in anything that stays: stores, Prefect's database, logs, reports, output."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args
from urllib.parse import quote
from zipfile import ZipFile, is_zipfile

import pytest

from adapters.platforms.simulator.faults import Fault
from flows.commands import running
from tests.flows.selling import TAG, Service
from tests.flows.world import World

SECRET = "canary/of+a password"
WRONG = "canary.of.a.wrong.one"
# Every token of the simulator begins with the same header, signed with nothing that is known outside of it.
TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
ORDERS_TOKEN = "canary-of-the-order-service"
# The account has no bulk call; all else that the simulator can do wrong is done to some create, tag and activation.
# Being slowed down comes last, or it would slow down all the others.
FAULTS = sorted((fault for fault in get_args(Fault) if not fault.startswith("bulk_")), key="throttle".__eq__)
ROUTES = ("CreateEndPoint", "createEndpointTag", "EndPointActivation")
SHORT = {"seconds": 0.2, "delay": 0.05, "late": 0.2, "retry_after": "0.1"}


def spellings(secret: str) -> list[bytes]:
    """A text as it is, in a URL and in JSON that escapes slashes."""
    return [form.encode() for form in {secret, quote(secret), quote(secret, safe=""), secret.replace("/", "\\/")}]


def contents(path: Path) -> Iterator[bytes]:
    """A file's bytes, and those of its members when it is a workbook."""
    yield path.read_bytes()
    if is_zipfile(path):
        with ZipFile(path) as book:
            yield from map(book.read, book.namelist())


def leaks(*folders: Path, secrets: Iterable[str] = (SECRET, WRONG, TOKEN, ORDERS_TOKEN)) -> list[str]:
    """Files that hold a secret."""
    forms = [form for secret in secrets for form in spellings(secret)]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert files
    return [str(path) for path in files if any(form in part for part in contents(path) for form in forms)]


def sell(here: World, token: str) -> None:
    """Ask the order service with this token."""
    service = Service(here, env={"PREACTIVE_ORDERS_TOKEN": token})
    try:
        assert service.sell("A-1", token=token)[0] in (200, 409)
        assert service.sell("A-1", token=f"{WRONG}-token")[0] == 401
    finally:
        service.close()


@pytest.fixture
def here(world) -> World:
    """A world whose password is a canary, and known from the environment alone."""
    hasty = {"password": None, "deadline_seconds": 1, "settle_seconds": 1, "max_unknown": 2}
    made = world(rows=len(FAULTS) * 2 + 8, account=hasty, platform={"--password": SECRET})
    made.env["PREACTIVE_ACCOUNTS__T__PASSWORD"] = SECRET
    return made


@pytest.mark.long
def test_no_secret_stays_after_a_good_run_a_wrong_login_and_a_run_with_every_fault(here, prefect_api):
    wrong = here.run(*here.provision, code=2, env={"PREACTIVE_ACCOUNTS__T__PASSWORD": WRONG})
    assert wrong.sentence
    # A good call between two bad ones, or the run would take the platform for broken and wait.
    rules = [SHORT | {"fault": fault, "nth": [2 * n + 2]} for n, fault in enumerate(FAULTS)]
    here.platform.ask("/faults", [rule | {"route": route} for rule in rules for route in ROUTES])
    here.run(*here.provision, "--tag", "batch", "--tag", TAG, code=None)
    here.run(*here.activate(), code=None)
    hit = set(here.platform.stats["faults"])
    here.platform.ask("/faults", [])
    here.run("batch", "retry", "batch", "--yes", code=None)
    here.run("reconcile", code=None)
    here.run("doctor", code=None)
    here.run("doctor", code=1, env={"PREACTIVE_ACCOUNTS__T__PASSWORD": WRONG})
    sell(here, ORDERS_TOKEN)

    assert set(FAULTS) <= hit
    assert {path.suffix for path in (here.folder / "reports").iterdir()} == {".csv", ".xlsx"}
    assert leaks(here.folder, prefect_api.home) == []


def test_the_search_for_secrets_finds_what_it_is_meant_to_find(tmp_path):
    (tmp_path / "log.txt").write_text(f"sent with {TOKEN}.abc")
    with ZipFile(tmp_path / "report.xlsx", "w") as book:
        book.writestr("sheet.xml", f"<t>{SECRET}</t>")
    (tmp_path / "good.txt").write_text("nothing")

    assert len(leaks(tmp_path)) == 2


def test_a_traceback_that_is_kept_shows_no_local_variables(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def fail(_secret: str) -> None:
        raise ValueError("what went wrong")

    try:
        fail(SECRET)
    except ValueError:
        kept = running.keep_traceback()

    assert "what went wrong" in kept.read_text()
    assert SECRET not in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0 or kept.parent.stat().st_mode & 0o077 == 0
