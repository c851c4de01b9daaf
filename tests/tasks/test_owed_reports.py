"""Notes of reports that are owed: who may write a report, and whose notes are left alone."""

from adapters import settings
from adapters.file_lock import hold
from domain.unfinished import OwedReport
from tasks import resources

REPORT = OwedReport("travel", 7, "provision march · 3 rows · travel")


def left(folder, owed=REPORT):
    """Let a process end that was to write a report; the path of its note."""
    assert resources.owe_report(owed)
    (note,) = (folder / "reports" / ".owed").glob(f"*-{owed.change}.json")
    words = note.read_text()
    resources.report_is_written(owed.change)
    note.parent.mkdir(exist_ok=True)
    note.write_text(words)
    return note


def test_a_living_process_writes_its_report_itself(folder):
    resources.owe_report(REPORT)
    found = resources.owed_reports("")
    resources.report_is_written(REPORT.change)

    assert found == resources.owed_reports("") == []
    assert not (folder / "reports" / ".owed").exists()


def test_a_report_of_a_process_that_ended_is_owed_to_its_account(folder):
    left(folder)

    assert resources.owed_reports("") == resources.owed_reports("travel") == [REPORT]
    assert resources.owed_reports("fleet") == []


def test_of_two_that_would_write_it_one_does(folder):
    note = left(folder)
    with hold(note):
        assert not resources.owe_report(REPORT)
    assert resources.owe_report(REPORT)
    resources.report_is_written(REPORT.change)


def test_another_stores_notes_and_broken_ones_are_left_alone(folder, monkeypatch):
    note = left(folder)
    note.with_name(note.name.replace("-7", "-8")).write_text("{")
    assert resources.owed_reports("") == [REPORT]
    monkeypatch.setenv("PREACTIVE_STORE_URL", f"sqlite:///{folder}/other.db")
    settings.load.cache_clear()

    assert resources.owed_reports("") == []


def test_a_note_that_cannot_be_made_ends_no_run(folder):
    (folder / "reports").write_text("no folder")

    assert resources.owe_report(REPORT)
    assert resources.owed_reports("") == []
