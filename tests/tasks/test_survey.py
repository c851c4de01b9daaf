"""What is looked at before and after the writes, with a real store and the client that the settings name."""

from typing import Any

import pytest

from adapters import settings
from adapters.platforms.simulator import Simulator, SimulatorConfig
from adapters.platforms.simulator.model import SUSPENDED
from domain.lifecycle import Kind
from tasks import resources
from tasks.carry_out import carry_out_chunk
from tasks.survey import look_before_rest, read_back_rest
from tests.support import sft
from tests.support.desk import Desk, manifest
from tests.support.desk import accepted as rows_of

NAMES = ("roaming_profile_id", "apn_group_id", "plan_id")
KNOBS = {"rate_per_second": 2000, "settle_seconds": 0, "page_size": 10, "read_back_tags": "all"}
HASTY = KNOBS | {name: sft.ACCOUNT[name] for name in NAMES}


class Here:
    """An account "travel" on a simulator, and its store."""

    def __init__(self, simulator: Simulator, desk: Desk) -> None:
        self.simulator, self.desk = simulator, desk
        self.iccids = list(simulator.state.sims)

    def batch(self, count: int, **options: Any) -> int:
        """The last SIMs of the account's list as a batch; returns its change."""
        rows = rows_of(*range(count))
        wanted = [row._replace(iccid=one) for row, one in zip(rows, self.iccids[-count:], strict=True)]
        return self.desk.ingest(manifest(wanted), **options).change

    @property
    def last(self):
        """The last SIM's endpoint, as it truly is."""
        state = self.simulator.state
        return state.endpoints[state.sims[self.iccids[-1]].endpoint_id]

    def requests(self) -> int:
        """How often the platform was asked for SIMs."""
        counts = self.simulator.engine.stats.requests
        return sum(count for route, count in counts.items() if "fetchsim" in route.lower())

    def states(self, kind: str = "create") -> list[str]:
        return self.desk.operations(kind)


@pytest.fixture
async def here(configure):
    simulator = Simulator(SimulatorConfig.model_validate({**sft.FAST, "stock": 300}))
    await simulator.start()
    folder = configure("\n".join(f"{name} = {value!r}" for name, value in HASTY.items()))
    found = (folder / "preactive.toml").read_text()
    found = found.replace("http://127.0.0.1:9/api", simulator.base_url)
    found = found.replace('username = "u"', 'username = "api-user"').replace('"p"', f'"{sft.PASSWORD}"')
    (folder / "preactive.toml").write_text(found)
    settings.load.cache_clear()
    desk = Desk(f"sqlite:///{folder / 'store.db'}")
    yield Here(simulator, desk)
    desk.close()
    await simulator.stop()


async def sent_and_left(here, count, **options):
    """A process creates so many and ends before it has looked at them again; returns the change."""
    change = here.batch(count, **options)
    async with resources.session("travel"):
        await carry_out_chunk.__wrapped__("travel", change, 1, 100, "create")
    return change


async def read_back_later(change):
    async with resources.session("travel") as session:
        await session.platform.login()
        return await read_back_rest.__wrapped__("travel", change)


async def test_what_a_process_confirmed_and_never_looked_at_is_read_back_by_a_later_one_and_once(here):
    change = await sent_and_left(here, 3)
    here.simulator.state.change_status(here.last, SUSPENDED, kind="suspend")
    before = here.requests()
    found = [await read_back_later(change)]
    once = here.requests()
    found.append(await read_back_later(change))

    assert found == [1, 0]
    assert here.states() == ["confirmed", "confirmed", "needs_human"]
    assert once > before
    assert here.requests() == once, "what was looked at is not asked for again"


async def test_tags_that_nobody_looked_at_are_read_back_too(here):
    change = await sent_and_left(here, 2, tags=["march"], platform_tags="now")
    async with resources.session("travel"):
        await carry_out_chunk.__wrapped__("travel", change, 1, 100, "tag")
    here.simulator.state.untag(here.last, "march")
    found = [await read_back_later(change) for _ in range(2)]

    assert found == [1, 0]
    assert here.states("tag") == ["confirmed", "needs_human"]


async def test_a_stop_leaves_what_was_not_looked_at_for_the_next_run(here):
    change = await sent_and_left(here, 3)
    async with resources.session("travel") as session:
        session.halt()
        stopped = await read_back_rest.__wrapped__("travel", change)
        left = await session.states_unread(change, Kind.CREATE)

    assert (stopped, len(left)) == (0, 3)


async def test_before_going_on_it_is_looked_at_what_is_there_by_now(here):
    change = here.batch(3)
    here.desk.batch(0, account="gone")
    here.desk.do(
        "INSERT INTO endpoints (account, iccid, name, state, batch_id, updated_at) "
        "SELECT 'gone', iccid, name, 'terminated', batch_id, updated_at FROM endpoints WHERE iccid = :one",
        one=here.iccids[-1],
    )
    async with resources.session("travel") as session:
        await session.platform.login()
        assert await look_before_rest.__wrapped__("travel", change) == 1

    assert here.states() == ["planned", "planned", "refused"]
    assert here.desk.see("SELECT state FROM endpoints WHERE account = 'travel' ORDER BY id")[-1].state == "terminated"


async def test_going_on_refuses_no_group_for_a_list_that_shows_the_endpoint_as_before_its_activation(here):
    await sent_and_left(here, 2, tags=["march"])
    change = here.desk.select(tag="march", group="eu", count=2).change
    here.desk.do("UPDATE operations SET state = 'confirmed', token = 1 WHERE kind = 'activate'")
    here.desk.do("UPDATE endpoints SET state = 'active'")
    async with resources.session("travel") as session:
        await session.platform.login()
        found = await look_before_rest.__wrapped__("travel", change)

    assert here.last.status == "Pre-Active"
    assert (found, here.states("assign")) == (0, ["planned", "planned"])
