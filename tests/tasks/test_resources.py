"""The one place that opens things, and refuses what it cannot open."""

import asyncio

import pytest

from domain.errors import SettingsError, Stopped
from domain.ports import Scope
from tasks import resources
from tasks.resources.session import Moment
from tests.support.desk import Desk
from tests.support.works import iccid


def test_without_a_name_the_default_account_is_meant(folder):
    assert resources.account()[0] == "travel"
    assert resources.account_names() == ["demo", "fleet", "travel"]


def test_an_account_without_its_token_is_refused_before_it_is_used(folder):
    async def use() -> None:
        async with resources.session("fleet"):
            raise AssertionError("opened")

    with pytest.raises(SettingsError, match="no token"):
        asyncio.run(use())


def test_an_embedded_store_that_does_not_exist_yet_is_an_empty_one_to_those_who_look(folder):
    assert list(resources.endpoints({})) == []
    assert resources.stock(None) == []
    assert not (folder / "store.db").exists()


async def test_a_session_is_found_while_it_is_open_and_enters_itself_among_the_living(folder):
    desk = Desk(f"sqlite:///{folder / 'store.db'}")
    async with resources.session("travel") as opened:
        assert resources.current("travel") is opened
        assert desk.one("SELECT count(*) FROM workers") == 1
    assert desk.one("SELECT count(*) FROM workers") == 0
    desk.close()
    with pytest.raises(KeyError):
        resources.current("travel")


@pytest.fixture
def stopping():
    """A process that may be told to stop."""
    yield
    resources.forget_stop()


@pytest.mark.usefixtures("stopping")
async def test_stopping_is_told_once_and_ends_work_before_it_starts(folder):
    desk = Desk(f"sqlite:///{folder / 'store.db'}")
    scope = desk.batch(3)
    async with resources.session("travel") as opened:
        assert resources.stop_all()
        assert not resources.stop_all()
        await opened.executor().run(Scope(scope.change))
    assert desk.operations() == ["planned"] * 3
    desk.close()


@pytest.mark.usefixtures("stopping")
async def test_no_account_is_begun_by_a_process_that_stops_until_it_has_stopped(folder):
    assert resources.stop_all()
    assert resources.is_stopping()
    with pytest.raises(Stopped, match="before it began on account travel"):
        async with resources.session("travel"):
            raise AssertionError("opened")
    resources.forget_stop()
    async with resources.session("travel") as opened:
        assert not opened.stop.is_set()


def test_a_secret_that_cannot_be_read_is_no_hindrance_where_none_is_needed(configure):
    folder = configure('password_file = "gone"')
    desk = Desk(f"sqlite:///{folder / 'store.db'}")
    desk.batch(3)
    desk.close()

    assert [(one.account, one.planned) for one in resources.unfinished("")] == [("travel", 3)]
    resources.stop_account("travel", "storm")
    assert list(resources.stops()) == ["travel"]
    assert resources.start_account("travel")
    with pytest.raises(SettingsError, match="no account 'other'"):
        resources.unfinished("other")
    with pytest.raises(SettingsError, match="password"):
        resources.account("travel")


@pytest.mark.parametrize("retry", [False, True])
@pytest.mark.parametrize("which", [{"tag": "march", "count": 4}, {"iccids": tuple(iccid(n) for n in (1, 2, 3, 99))}])
async def test_the_numbers_of_a_change_add_up_and_count_a_refused_one_once(folder, which, retry):
    """By tag what was refused is of the same change, by list of another one."""
    desk = Desk(f"sqlite:///{folder / 'store.db'}")
    desk.pre_active(5)
    desk.select(tag="march", count=4)
    for number, state in enumerate(("refused", "confirmed", "in_doubt"), start=1):
        desk.do("UPDATE operations SET state = :s WHERE kind = 'activate' AND endpoint = :n", s=state, n=number)
    desk.do("UPDATE endpoints SET state = 'active' WHERE id = 2")
    async with resources.session("travel") as session:
        selected = desk.select(retry=retry, **which)
        found = resources.summarise_selection(session, selected, label="x", started=Moment(0.0, 0.0), run="")
    desk.close()

    outcomes = found.already + found.confirmed + found.refused + found.in_doubt + found.needs_human + found.open
    assert found.accepted == outcomes
    assert found.rows == found.accepted + found.rejected
    assert found.refused == (not retry)
