"""The order desk when its store or its platform goes away for a while: nothing is lost, and it sells again by itself."""

import asyncio
import fcntl
import os
from contextlib import contextmanager

from adapters.store import engine as engines
from tests.flows.ordering import until, until_done


@contextmanager
def store_held(path):
    """Somebody else has the turn at the embedded store and does not give it back."""
    handle = os.open(f"{path}/store.db.turn", os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(handle)


def activated(service, count):
    async def check():
        return service.shop.done["activate"] >= count

    return check


async def test_a_store_that_was_away_while_calls_were_under_way_stops_no_later_sale(
    service_of, quick_path, monkeypatch
):
    monkeypatch.setattr(engines, "_BUSY_SECONDS", 0.05)
    async with service_of(sims=6, answer_within=0.4) as service:
        service.shop.faults({"fault": "hang_after", "route": "EndPointActivation", "seconds": 0.2, "times": 4})
        sales = [asyncio.create_task(service.sell(f"A-{n}")) for n in range(4)]
        await until(activated(service, 4))
        with store_held(quick_path):
            answers = await asyncio.gather(*sales)
        again = [await until_done(service, f"A-{n}") for n in range(4)]
        new = await until_done(service, "B-1")

        assert {answer.status_code for answer in answers} == {503}
        assert len({answer["iccid"] for answer in [*again, new]}) == 5
        assert service.shop.done["activate"] == 5
