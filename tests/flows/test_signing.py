"""Two persons sign at a terminal, with codes that nobody sees."""

import sys

import pytest

from adapters import settings
from tasks import resources
from tests.flows.processes import clean_env, typed
from tests.support.desk import Desk

SIGN = """
from domain.requests import Action, LifecycleRequest
from flows.commands.signing import sign_here
from tasks.bound import by_command
from tasks.signing import selection_to_sign

wanted = LifecycleRequest(account="demo", action=Action.TERMINATE, tag="old", confirm_count=3)
with by_command():
    sign_here(selection_to_sign(wanted))
    print("left to sign:", selection_to_sign(wanted))
"""


@pytest.fixture
def place(quick_path, prepared_file, monkeypatch):
    """A store with three endpoints of which two may be ended by one person, and the environment of its programs."""
    store = quick_path / "store.db"
    store.write_bytes(prepared_file.read_bytes())
    own = {"PREACTIVE_STORE_URL": f"sqlite:///{store}", "PREACTIVE_ACCOUNTS__DEMO__MAX_TERMINATE": "2"}
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(quick_path)
    settings.load.cache_clear()
    desk = Desk(own["PREACTIVE_STORE_URL"])
    desk.pre_active(3, tags=["old"])
    desk.do("UPDATE endpoints SET account = 'demo'")
    desk.close()
    yield {"env": clean_env(**own), "cwd": quick_path}
    settings.load.cache_clear()


def test_more_terminations_than_one_may_make_are_signed_by_two_whose_codes_are_not_shown(place):
    ann, bob = resources.add_approver("ann"), resources.add_approver("bob")
    first = [("Name: ", "Ann"), ("codes: ", ann[0]), ("Second person: ", "ann"), ("codes: ", ann[1])]

    ended = typed([sys.executable, "-c", SIGN], [*first, ("Second person: ", "bob"), ("codes: ", bob[0])], **place)

    assert ended.code == 0, ended.out
    assert "terminate 3 endpoints of old on account demo; 2 are allowed without an approval" in ended.out
    assert "must be another one than the first" in ended.out
    assert ended.out.endswith("left to sign: None\r\n")
    assert not [code for code in (*ann, *bob) if code in ended.out]
    told = [(fact["event"], fact["name"]) for fact in resources.approver_facts()]
    assert told[2:] == [("signed", "ann"), ("same_person", "ann"), ("signed", "bob")]


def test_without_two_who_can_sign_nothing_is_asked(place):
    resources.add_approver("ann")

    ended = typed([sys.executable, "-c", SIGN], [], **place)

    assert "NotApproved" in ended.out
    assert "fewer than two have codes left" in ended.out
