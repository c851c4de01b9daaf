"""A process that is killed between its last look and its report leaves a report that the next run writes."""

import csv
import signal

import pytest

KILLED_AT_ITS_REPORT = """
import os, signal, sys
from flows.__main__ import main
from tasks import resources
resources.write_reports = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
sys.argv = ["preactive", *{arguments!r}]
main()
"""


def killed_at_its_report(here, *arguments: str) -> None:
    """Run a command until it would write its report."""
    ended = here.run("-c", KILLED_AT_ITS_REPORT.format(arguments=arguments), code=None)
    assert ended.code in (-signal.SIGKILL, 128 + signal.SIGKILL), ended.err


@pytest.fixture
def here(world):
    """A world whose provision was killed when everything was sent and looked at; one row of its file is rejected."""
    made = world(rows=3, account={"max_reject_ratio": 0.5})
    made.file.write_text(made.file.read_text() + "123,wrong\n")
    killed_at_its_report(made, *made.provision)
    return made


def reports(here) -> set[str]:
    """The report files that are there, notes included."""
    return {path.name for path in (here.folder / "reports").rglob("*") if path.is_file()}


def test_the_report_of_a_batch_is_written_by_the_next_run_once_and_nothing_is_sent(here):
    before = here.platform.writes
    assert not [name for name in reports(here) if name.startswith("batch")]

    [told] = here.run("unfinished", "--json").rows
    listed = here.run("unfinished", "--yes")
    again = here.run("unfinished", "--yes")

    assert "Going on also writes a report: the report of provision batch · 4 rows · t is missing." in listed.out
    assert (told["request"], told["planned"], told["report"]) == ("provision batch · 4 rows · t", 0, "missing")
    wanted = {"batch-report.xlsx", "batch-mapping.csv", "batch-rejects.csv", "batch-rejects.xlsx"}
    assert {path.rpartition("/")[2] for path in listed.summary["reports"]} == wanted
    assert reports(here) == wanted, "the note is gone too"
    with (here.folder / "reports" / "batch-mapping.csv").open(encoding="utf-8-sig") as file:
        assert [(row["iccid"], row["outcome"]) for row in csv.DictReader(file)] == [
            (iccid, "confirmed") for iccid in here.iccids
        ]
    assert again.err == "Nothing is unfinished.\n"
    assert here.platform.writes == before


@pytest.mark.long
def test_the_report_of_a_change_is_written_too(here):
    here.run("unfinished", "--yes")
    killed_at_its_report(here, *here.activate(2))

    listed = here.run("unfinished", "--yes")

    assert "is missing." in listed.out
    assert [path.rpartition("/")[2].startswith("resumed-") for path in listed.summary["reports"]] == [True, True]
    assert here.run("unfinished", "--yes").err == "Nothing is unfinished.\n"
