"""What the terminal says. Nothing here starts Prefect."""

from typer.testing import CliRunner

from flows import checks
from flows.__main__ import app
from tasks import resources


def run(*words: str, code: int = 0):
    """What a command printed, in one."""
    ended = CliRunner().invoke(app, list(words))
    assert getattr(ended.exception, "exit_code", ended.exit_code) == code, ended.output
    return ended


def sentence(*words: str, code: int) -> str:
    """What a command was refused with."""
    return str(run(*words, code=code).exception)


# --- doctor ---


def test_a_stopped_account_is_mentioned_by_the_doctor_and_is_no_fault(folder):
    resources.stop_account("travel", "a storm")

    told = [one for one in checks.findings("travel") if one.what == "account"]

    assert [(one.ok, one.text) for one in told] == [
        (True, "account travel is stopped (a storm); `preactive account start travel` lets it go on")
    ]


def test_settings_that_are_wrong_are_told_once(configure):
    configure("max_change = 51")

    told = [one for one in checks.findings(None) if not one.ok]

    assert [one.what for one in told] == ["settings"]
