"""A sale on a Stacuity account, through the desk: one call puts the endpoint into its group and so activates it."""

from contextlib import asynccontextmanager

import pytest

from adapters import settings
from adapters.platforms.simulator import StacuityConfig, StacuitySimulator
from domain.errors import UnknownGroup, UsageError
from domain.order import OrderState
from domain.pacing import Lane
from flows.order_desk import OrderDesk
from tasks import resources
from tests.support.shop import make_pre_active
from tests.support.stacuity import FAST, TOKEN

SETTINGS = """
store_url = "{store_url}"
default_account = "fleet"
[accounts.fleet]
platform = "stacuity"
base_url = "{base_url}"
token = "{token}"
rate_per_second = 5000
max_in_flight = 16
deadline_seconds = 5
read_deadline_seconds = 5
[accounts.fleet.groups.eu]
endpoint_group = "fleet-main"
"""


@pytest.fixture
def desk_of(tmp_path, quick_path, prepared_file, monkeypatch):
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))

    @asynccontextmanager
    async def opened(sims):
        simulator = StacuitySimulator(StacuityConfig.model_validate(FAST))
        await simulator.start()
        url = f"sqlite:///{quick_path}/store.db"
        text = SETTINGS.format(store_url=url, base_url=simulator.base_url, token=TOKEN)
        (tmp_path / "preactive.toml").write_text(text)
        settings.load.cache_clear()
        iccids = [one.iccid for one in list(simulator.estate.endpoints.values())[:sims]]
        await make_pre_active(url, iccids, "fleet")
        async with resources.session("fleet", Lane.SALES) as session:
            desk = OrderDesk(session, answer_within=20, prefect=False)
            yield desk, simulator, iccids
            await desk.close()
        settings.load.cache_clear()
        await simulator.stop()

    return opened


async def test_an_order_is_one_call_and_its_endpoint_is_active_in_its_group(desk_of):
    async with desk_of(2) as (desk, simulator, iccids):
        before = len(simulator.ledger.entries)
        order = await desk.sell("A-1", "spring", "eu")
        again = await desk.sell("A-1", "spring", "eu")

        assert (order.state, order.iccid, order.endpoint_state) == (OrderState.DONE, iccids[0], "active")
        assert again.iccid == order.iccid
        made = [(entry.kind, entry.iccid) for entry in simulator.ledger.entries[before:]]
        assert made.count(("assign", order.iccid)) == 1
        assert {iccid for _, iccid in made} == {order.iccid}
        assert simulator.estate.with_iccid(order.iccid).group is not None


async def test_a_group_that_cannot_be_is_refused_before_a_sim_is_taken(desk_of):
    async with desk_of(1) as (desk, _, _):
        with pytest.raises(UsageError, match="name the group"):
            await desk.sell("A-1", "spring", "")
        with pytest.raises(UnknownGroup):
            await desk.sell("A-2", "spring", "g" * 80)

        assert await desk.find("A-1") is None
        assert await desk.find("A-2") is None
