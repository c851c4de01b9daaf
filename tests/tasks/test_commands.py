"""What the terminal says. Nothing here starts Prefect."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from adapters.files.samples import sample_iccid
from domain.errors import SettingsError
from domain.events import of_count
from domain.summary import Summary
from flows import checks
from flows.__main__ import app
from flows.running import end_name
from tasks import resources
from tests.support.desk import Desk


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


# --- words that an option does not know ---


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("endpoints", "--state", "nonsense"), "--state is one of stock, pre_active, active, suspended, terminated"),
        (
            ("events", "list", "--meaning", "nonsense"),
            "--meaning is one of new, noted, agrees, confirms, prompts, old, differs, settled",
        ),
        (("suspend", "--iccid", "123"), "'123' is no ICCID: "),
    ],
)
def test_a_word_that_means_nothing_is_a_wrong_usage(folder, words, told):
    assert told in sentence(*words, code=2)


def test_a_list_of_events_says_whether_there_is_none_or_none_that_matches(folder):
    assert run("events", "list").stderr == "No event was taken in.\n"
    assert run("events", "list", "--meaning", "differs").stderr == "No event matches.\n"


# --- names that there are not ---


def commands(command=None, path=()):
    """Every command that takes an account."""
    command = command or typer.main.get_command(app)
    for name, one in getattr(command, "commands", {}).items():
        yield from commands(one, (*path, name))
    if any("--account" in parameter.opts for parameter in command.params):
        yield path


@pytest.mark.parametrize("words", sorted(commands()), ids=" ".join)
def test_a_mistyped_account_is_never_an_all_clear(folder, words):
    assert sentence(*words, "--account", "nosuch", code=2) == (
        "There is no account 'nosuch' in the settings; there are: demo, fleet, travel."
    )


def test_every_command_that_reads_takes_an_account():
    assert len(list(commands())) > 25


def test_an_account_that_is_only_in_the_store_can_be_looked_at(folder):
    desk = Desk(f"sqlite:///{folder / 'store.db'}")
    desk.pre_active(1)
    desk.do("UPDATE endpoints SET account = 'gone'")
    desk.close()

    assert "pre_active" in run("endpoints", "--account", "gone").output
    assert "only in the store: gone" in sentence("endpoints", "--account", "gnoe", code=2)


@pytest.mark.parametrize("account", [None, "nosuch"])
def test_a_flow_refuses_an_account_that_there_is_not(folder, account):
    if account is None:
        resources.check_account("travel")
        return
    with pytest.raises(SettingsError, match="no account 'nosuch'"):
        resources.stocked_accounts(account)
    with pytest.raises(SettingsError, match="no account 'nosuch'"):
        resources.check_account(account)


@pytest.mark.parametrize("words", [("endpoints",), ("history",)], ids=" ".join)
def test_a_number_that_is_no_iccid_is_a_wrong_usage(folder, words):
    assert sentence(*words, "--iccid", "123", code=2).startswith("'123' is no ICCID: ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--tag", "arpil"), "No tag of the store is called 'arpil'; there are: april."),
        (("--batch", "nosuch"), "No batch of the store is called 'nosuch'; there are: march."),
        (("--group", "nosuch"), "No group of the store is called 'nosuch'; there is none."),
        (("--order", "A-1"), "No order of the store is called 'A-1'; there is none."),
        (("--tag", "april", "--account", "fleet"), "No tag of account fleet is called 'april'; there is none."),
    ],
)
def test_a_name_that_there_is_not_is_no_empty_list(active, words, told):
    assert sentence("endpoints", *words, code=4) == told


def test_a_group_of_the_settings_that_nothing_is_in_is_an_empty_list(active):
    assert run("endpoints", "--group", "eu").stderr == "No endpoint matches.\n"


# --- a count that cannot be reached ---


def test_a_count_that_cannot_be_reached_is_said_and_is_no_success(folder):
    desk = Desk(f"sqlite:///{folder / 'store.db'}")
    desk.pre_active(3, tags=["april"])
    desk.do("UPDATE endpoints SET state = 'active', \"group\" = 'eu'")
    desk.close()

    short = run("activate", "--tag", "april", "--group", "eu", "--count", "5", code=3).output
    enough = run("activate", "--tag", "april", "--group", "eu", "--count", "3").output

    assert "; 5 asked for, 3 available; " in short
    assert short.endswith("Nothing to do.\n")
    assert "asked for" not in enough


def test_a_run_whose_count_was_not_reached_does_not_look_like_one_that_was():
    done = Summary("b", "r", confirmed=3)
    short = Summary("b", "r", confirmed=3, asked=5, available=3)

    assert [end_name(one) for one in (done, short)] == ["Completed", "Too few"]
    assert of_count("t", "april", "eu", done) is None
    assert of_count("t", "april", "eu", short) == (
        "preactive.stock.short",
        "preactive.stock.t.april",
        {
            **{"account": "t", "tag": "april", "group": "eu", "asked": 5, "available": 3},
            "sentence": "3 confirmed; 5 asked for, 3 available",
        },
    )


# --- nothing to do ---


@pytest.fixture
def active(folder):
    """Three endpoints in service with the tag `april`."""
    desk = Desk(f"sqlite:///{folder / 'store.db'}")
    desk.pre_active(3, tags=["april"])
    desk.do("UPDATE endpoints SET state = 'active'")
    yield desk
    desk.close()


def test_a_change_with_nothing_to_do_needs_no_yes(active):
    ended = run("resume", "--tag", "april")

    assert ended.output.endswith(
        "0 to resume, 0 to go on with, 3 done before, 0 in another state; about 0 calls, 0 s.\nNothing to do.\n"
    )


def test_a_tag_of_which_no_endpoint_can_be_taken_is_refused_with_their_states(active):
    assert "none can be taken to activate" not in sentence("resume", "--tag", "nothing", code=4)
    assert sentence("activate", "--tag", "april", "--group", "eu", code=4).endswith(
        "none can be taken to activate: 3 active; nothing was changed."
    )


# --- what is in doubt ---


def test_what_is_in_doubt_is_told_under_the_names_and_with_the_times_of_the_other_commands(active):
    active.do("UPDATE operations SET state = 'in_doubt', next_at = 0, safe_after = 60, text = 'no answer'")

    row = json.loads(run("resolve", "--json", code=3).output.splitlines()[0])

    assert (row["operation"], row["kind"], row["text"]) == (1, "create", "no answer")
    assert (row["look_again"], row["safe_after"]) == ("1970-01-01T00:00:00+00:00", "1970-01-01T00:01:00+00:00")
    assert not {"id", "token", "change_id", "next_at"} & row.keys()
    assert row["updated_at"].endswith("+00:00")


def test_an_order_whose_sims_all_went_back_is_listed_too(active):
    active.do(
        "INSERT INTO orders (account, order_no, state, text, created_at, closed_at) "
        "VALUES ('travel', 'A-9', 'needs_human', 'refused three times', 0, 0)"
    )

    told = run("resolve", code=3).output
    row = json.loads(run("resolve", "--json", code=3).output)

    assert "A-9" in told
    assert (row["operation"], row["order"], row["state"]) == (None, "A-9", "needs_human")
    assert row["text"] == "refused three times; `preactive orders release A-9` lets it be sent again"


# --- stock ---


def test_taking_in_tells_new_sims_from_those_that_are_known(active):
    numbers = [sample_iccid("89445010", n) for n in range(1, 5)]
    for place, number in enumerate(numbers[:3], start=1):
        active.do("UPDATE endpoints SET iccid = :iccid WHERE id = :place", iccid=number, place=place)
    Path("list.csv").write_text("\n".join(["iccid", *numbers]))
    file = "list.csv"

    first = run("intake", file, "--json")
    again = run("intake", file)

    told = json.loads(first.output)
    assert (told["batch"], told["accepted"], told["new"], told["endpoints"], told["known"]) == ("list", 4, 1, 3, 0)
    assert (
        again.output
        == "Batch list: 0 new SIMs in raw stock, 3 are endpoints already, 1 known before, 0 rows rejected.\n"
    )


def test_an_account_without_marks_is_said_to_have_none(folder):
    assert "The account travel has no marks of stock in the settings" in run("replenish", "--account", "travel").stderr
    assert "No account has marks of stock in the settings" in run("replenish").stderr


def test_stock_is_shown_against_its_marks(configure):
    folder = configure('[[accounts.travel.stock]]\ntag = "april"\ngroup = "eu"\nlow = 10\nhigh = 30')
    desk = Desk(f"sqlite:///{folder / 'store.db'}")
    desk.pre_active(3, tags=["april"])
    desk.close()

    row = json.loads(run("stock", "--json").output)

    assert (row["tag"], row["group"], row["pre_active"], row["low"], row["high"]) == ("april", "", 3, 10, 30)


# --- the rest ---


def test_an_account_without_a_token_is_named_with_the_variable(folder):
    assert sentence("group", "list", "--account", "fleet", code=2) == (
        "The account fleet has no token; set PREACTIVE_ACCOUNTS__FLEET__TOKEN, token_file or secrets_block."
    )


def test_a_check_of_the_store_is_told_to_programs_too(folder):
    run("db", "upgrade")

    assert all(json.loads(line)["finding"] for line in run("db", "check", "--json").output.splitlines())
