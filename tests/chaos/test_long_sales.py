"""The order service killed at every moment of a sale, and more buyers than SIMs while it is killed."""

import signal
import threading

import pytest

from tests.flows.processes import until
from tests.flows.selling import Service, check_sold, stock

pytestmark = pytest.mark.timeout(1200)

HASTY = {"deadline_seconds": 1, "settle_seconds": 1, "rate_per_second": 400}
MOST_MOMENTS = 60


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_whenever_it_is_killed_the_order_sent_again_gets_one_sim_one_activation_and_one_addon(
    request, bare_world, store
):
    url = request.getfixturevalue("postgres").empty() if store == "postgresql" else ""
    here = bare_world(rows=MOST_MOMENTS + 5, account=HASTY, store_url=url, platform={"--read-lag": 0})
    stock(here, here.iccids[: MOST_MOMENTS + 5])
    orders: dict[str, str] = {}
    moment, killed = 1, 0
    service = Service(here, die_at=moment)
    while moment < MOST_MOMENTS:
        service.arm()
        status, sold = service.sell(f"K-{moment}")
        if status == 200 and not service.is_dead:
            orders[f"K-{moment}"] = sold["iccid"]
            break  # the sale has fewer moments than this
        until(lambda: service.is_dead, 10)  # noqa: B023
        service.close()
        assert service.process.returncode == -signal.SIGKILL
        killed += 1
        service = Service(here, die_at=moment + 1)
        orders[f"K-{moment}"] = service.sell_until_done(f"K-{moment}")["iccid"]
        moment += 1
    service.close()

    print(f"killed at {killed} moments")
    assert killed >= 12
    check_sold(here, orders)


def test_buyers_who_outnumber_the_sims_of_a_service_that_is_killed_get_each_sim_once(bare_world, chance):
    here = bare_world(rows=60, account=HASTY | {"max_in_flight": 8}, platform={"--read-lag": 0})
    stock(here, here.iccids[:50])
    left = {f"A-{number}" for number in range(80)}
    orders: dict[str, str] = {}
    for _ in range(4):
        service = Service(here, die_at=chance.randrange(20, 200))
        service.arm()
        buy_all(service, left, orders)
        service.close()
    service = Service(here)
    until(lambda: buy_all(service, left, orders) or len(orders) == 50, 120)
    service.close()

    assert len(orders) == 50
    check_sold(here, orders)


def buy_all(service: Service, left: set[str], orders: dict[str, str]) -> None:
    """Send every order that is left at once; what is sold is crossed off."""

    def buy(order: str) -> None:
        status, sold = service.sell(order)
        if status == 200:
            orders[order] = sold["iccid"]
            left.discard(order)

    buyers = [threading.Thread(target=buy, args=(order,)) for order in sorted(left)]
    for buyer in buyers:
        buyer.start()
    for buyer in buyers:
        buyer.join()
