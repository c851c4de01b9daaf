"""Orders for which nothing is sent take no start times from the account's line, however many come at once."""

import asyncio

from adapters import settings
from domain.order import SellRequest
from domain.pacing import Lane
from tasks import resources
from tests.support.shop import open_shop


async def test_orders_that_send_nothing_leave_the_line_alone_at_one_and_a_half_calls_a_second(
    tmp_path, store_url, monkeypatch
):
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))
    async with open_shop(tmp_path, store_url, sims=10) as shop:
        sold = [shop.order(f"A-{n}") for n in range(10)]
        unsold = [shop.order(f"N-{n}") for n in range(40)]
        async with resources.session("travel", Lane.SALES) as session:
            await sell_all(session, sold)
        slow_down(tmp_path / "preactive.toml")
        async with resources.session("travel", Lane.SALES) as session:
            states = await sell_all(session, [*sold, *unsold])
            line = await session.ledger.take(1)

        assert (states.count("done"), states.count("no_stock")) == (10, 40)
        assert line.at[0] - line.now < 1.0


async def sell_all(session, wanted: list[SellRequest]) -> list[str]:
    seller = session.seller()
    return [order.state.value for order in await asyncio.gather(*(seller.sell(one, within=30) for one in wanted))]


def slow_down(file):
    file.write_text(file.read_text().replace("rate_per_second = 5000", "rate_per_second = 1.5"))
    settings.load.cache_clear()
