"""Reports that are owed by processes that ended."""

from adapters import settings
from adapters.files.owed_notes import OwedNotes
from domain.unfinished import OwedReport


def owe_report(owed: OwedReport) -> bool:
    """Note that this process is to write a report, and say whether it is the only one."""
    return _notes().owe(owed)


def report_is_written(change: int) -> None:
    """A report is written, and owed no more."""
    _notes().forget(change)


def owed_reports(account: str) -> list[OwedReport]:
    """The reports that no living process is to write, of one account or of all in the settings, oldest first."""
    wanted = [account] if account else settings.load().accounts
    return [one for one in _notes().left() if one.account in wanted]


def _notes() -> OwedNotes:
    made = settings.load()
    return OwedNotes(made.reports_dir, made.store_url)
