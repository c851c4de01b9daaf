"""The order service as a process: killed and started again, and beside the bulk runs of other processes."""

import signal
import sqlite3
from contextlib import closing

from tests.flows.processes import fetch, unreachable, until
from tests.flows.selling import Service, check_sold, stock

HASTY = {"deadline_seconds": 1, "settle_seconds": 1}


def test_an_order_under_way_when_the_service_was_killed_is_finished_by_the_next(bare_world):
    """Killed just after the activation was done (moment 6), and in the middle of the add-on (moment 10)."""
    here = bare_world(rows=5, account=HASTY, platform={"--read-lag": 0})
    stock(here, here.iccids[:5])
    for order, moment in (("A-1", 6), ("A-2", 10)):
        service = Service(here, die_at=moment)
        service.arm()
        assert service.sell(order) == (0, {})
        service.close()
        assert service.process.returncode == -signal.SIGKILL
    service = Service(here)
    # The service finishes by itself what it finds; the shop sends its orders again all the same.
    until(lambda: fetch(f"{service.url}/health")["unfinished"] == 0, 60)
    orders = {order: service.sell_until_done(order)["iccid"] for order in ("A-1", "A-2")}
    service.close()

    check_sold(here, orders)


def test_an_order_that_a_killed_service_left_is_finished_by_resuming_what_is_unfinished(world):
    here = world(rows=2, account=HASTY, platform={"--read-lag": 0})
    stock(here, here.iccids[:2])
    service = Service(here, die_at=6)
    service.arm()
    assert service.sell("A-1") == (0, {})
    service.close()

    said = here.run("unfinished", "--yes").out  # nobody waits for the dead one's lease

    assert "t: 1 orders finished, 0 SIMs put back, 0 orders in progress, 0 need a person" in said
    with closing(sqlite3.connect(here.store)) as store:
        state, iccid = store.execute(
            "SELECT o.state, e.iccid FROM orders o JOIN endpoints e ON e.id = o.endpoint"
        ).fetchone()
    assert state == "done"
    check_sold(here, {"A-1": iccid})


def test_a_sale_needs_nothing_of_prefect_and_is_shown_once_prefect_is_there(bare_world, prefect_api):
    here = bare_world(rows=3, account=HASTY)
    stock(here, here.iccids[:3])
    service = Service(here, env={"PREFECT_API_URL": f"{unreachable()}/api"})
    status, sold = service.sell("A-1")
    service.process.send_signal(signal.SIGTERM)
    service.close()
    assert (status, sold["state"], service.process.returncode) == (200, "done", 0)

    service = Service(here, env={"PREFECT_API_URL": prefect_api.url})
    status, _ = service.sell("A-2")
    assert (status, service.sell("A-2")[0]) == (200, 200)
    runs = until(lambda: shown(here), 60, "both runs")
    service.close()

    found = {order: prefect_api.run(run) for order, run in runs.items()}
    assert {order: run["name"] for order, run in found.items()} == {"A-1": "sell A-1", "A-2": "sell A-2"}
    assert len(prefect_api.named("sell A-2")) == 1  # the same order again is no second sale
    assert {run["state"]["message"] for run in found.values()} == {"order A-1: done", "order A-2: done"}


def shown(world) -> dict[str, str]:
    """The run of each order, once all have one."""
    with closing(sqlite3.connect(world.store)) as store:
        runs = dict(store.execute("SELECT order_no, run FROM orders"))
    return runs if len(runs) == 2 and all(runs.values()) else {}


def test_the_command_sells_and_says_the_same_again(bare_world):
    here = bare_world(rows=2)
    stock(here, here.iccids[:1])
    words = ["sell", "--order", "A-1", "--tag", "spring", "--group", "eu"]
    first = here.run(*words)
    again = here.run(*words, "--json").rows[0]
    other = here.run("sell", "--order", "A-2", "--tag", "spring", code=4)
    listed = here.run("orders", "list", "--json").rows
    released = here.run("orders", "release", "A-1", code=4)

    assert first.out.splitlines()[0].split() == ["ICCID", again["iccid"]]
    assert (again["state"], again["order"]) == ("done", "A-1")
    assert other.sentence.startswith("order A-2: no stock. No pre-active SIM was free")
    assert [(row["order"], row["state"]) for row in listed] == [("A-1", "done"), ("A-2", "no_stock")]
    assert released.sentence.startswith("Order A-1 cannot be released: its operation")
    check_sold(here, {"A-1": again["iccid"]})
