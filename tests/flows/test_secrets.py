"""No password and no token is in anything that stays: stores, Prefect's database, logs, reports, output."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from zipfile import ZipFile, is_zipfile

import pytest

from tests.flows.world import World

SECRET = "canary/of+a password"
WRONG = "canary.of.a.wrong.one"
# Every token of the simulator begins with the same header, signed with nothing that is known outside of it.
TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
FAULTS = ("error_before", "error_after", "html_502", "cut_body", "reset_after", "forbidden", "token_expired", "refused")


def spellings(secret: str) -> list[bytes]:
    """A text as it is, in a URL and in JSON that escapes slashes."""
    return [form.encode() for form in {secret, quote(secret), quote(secret, safe=""), secret.replace("/", "\\/")}]


def contents(path: Path) -> Iterator[bytes]:
    """A file's bytes, and those of its members when it is a workbook."""
    yield path.read_bytes()
    if is_zipfile(path):
        with ZipFile(path) as book:
            yield from map(book.read, book.namelist())


def leaks(*folders: Path) -> list[str]:
    """Files that hold a secret."""
    secrets = [form for secret in (SECRET, WRONG, TOKEN) for form in spellings(secret)]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert files
    return [str(path) for path in files if any(form in part for part in contents(path) for form in secrets)]


@pytest.fixture
def here(world) -> World:
    """A world whose password is a canary, and known from the environment alone."""
    made = world(rows=30, account={"password": None, "deadline_seconds": 2}, platform={"--password": SECRET})
    made.env["PREACTIVE_ACCOUNTS__T__PASSWORD"] = SECRET
    return made


def test_no_secret_stays_after_a_good_run_a_wrong_login_and_a_run_full_of_faults(here, prefect_api):
    wrong = here.run(*here.provision, code=2, env={"PREACTIVE_ACCOUNTS__T__PASSWORD": WRONG})
    assert wrong.sentence
    rules = [{"fault": fault, "nth": [2 * n + 2, 2 * n + 3]} for n, fault in enumerate(FAULTS)]
    here.platform.ask("/faults", [rule | {"route": "CreateEndPoint"} for rule in rules])
    here.run(*here.provision, code=None)
    here.platform.ask("/faults", [])
    here.run("batch", "retry", "batch", "--yes")
    here.run(*here.activate(5))
    here.run("doctor", code=None)
    here.run("doctor", code=1, env={"PREACTIVE_ACCOUNTS__T__PASSWORD": WRONG})
    here.check_one_each()

    assert {path.suffix for path in (here.folder / "reports").iterdir()} == {".csv", ".xlsx"}
    assert leaks(here.folder, prefect_api.home) == []


def test_the_search_for_secrets_finds_what_it_is_meant_to_find(tmp_path):
    (tmp_path / "log.txt").write_text(f"sent with {TOKEN}.abc")
    with ZipFile(tmp_path / "report.xlsx", "w") as book:
        book.writestr("sheet.xml", f"<t>{SECRET}</t>")
    (tmp_path / "good.txt").write_text("nothing")

    assert len(leaks(tmp_path)) == 2
