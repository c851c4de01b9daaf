"""The order service as a process: killed and started again, and beside the bulk runs of other processes."""

import signal
import sqlite3
from contextlib import closing

import pytest

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


@pytest.mark.long
def test_an_order_that_a_killed_service_left_is_finished_by_resuming_what_is_unfinished(world):
    here = world(rows=2, account=HASTY, platform={"--read-lag": 0})
    stock(here, here.iccids[:2])
    service = Service(here, die_at=3, env={"DIES_AT_CALLS": "1"})  # its first calls to the platform are under way
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


@pytest.mark.long
def test_a_sale_needs_nothing_of_prefect_and_is_shown_once_prefect_is_there(bare_world, prefect_api):
    here = bare_world(rows=3, account=HASTY)
    stock(here, here.iccids[:3])
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # or nohup would keep it from the service too
    service = Service(here, env={"PREFECT_API_URL": f"{unreachable()}/api"})
    signal.signal(signal.SIGHUP, before)
    status, sold = service.sell("A-1")
    service.process.send_signal(signal.SIGHUP)
    service.process.wait(30)
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


def test_the_command_sells_and_says_the_same_again(world):
    here = world(rows=2, shows=False)
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


@pytest.mark.long
def test_the_command_hands_over_nothing_that_is_out_of_service_and_takes_orders_back(world):
    here = world(rows=3, shows=False)
    stock(here, here.iccids[:2])
    words = ["sell", "--order", "A-1", "--tag", "spring", "--group", "eu"]
    sold = here.run(*words, "--json").rows[0]
    set_state(here, "suspended")
    dead = here.run(*words, code=4)
    dead_json = here.run(*words, "--json", code=4).rows[0]
    set_state(here, "active")
    held = here.run("orders", "cancel", "A-1", "--yes", code=4)
    unasked = here.run("orders", "refund", "A-1", code=4)
    refunded = here.run("orders", "refund", "A-1", "--yes")
    twice = here.run("orders", "refund", "A-1", "--yes", "--json").rows[0]
    late = here.run(*words, code=4)
    cancelled = here.run("orders", "cancel", "A-2", "--yes")
    later = here.run("sell", "--order", "A-2", "--tag", "spring", "--group", "eu", code=4)
    listed = {row["order"]: row["state"] for row in here.run("orders", "list", "--json").rows}
    unknown = here.run("orders", "refund", "A-9", "--yes", code=4)
    wrong = [here.run("orders", verb, "a b", "--yes", code=2).sentence for verb in ("cancel", "refund")]
    typo = here.run("sell", "--order", "A-3", "--tag", "sprng", "--group", "eu", code=2)

    assert sold["state"] == "done"
    assert (dead.out, dead.sentence.startswith("order A-1: suspended. The endpoint was sold and")) == ("", True)
    assert (dead_json["state"], dead_json["endpoint_state"], dead_json["lpa"]) == ("suspended", "suspended", None)
    assert held.sentence.startswith("Order A-1 cannot be cancelled, since something was or may have been done for it")
    assert "say --yes" in unasked.sentence
    assert refunded.out.splitlines() == ["order A-1: done", f"order A-1: refunded. {REFUNDED}"]
    assert (twice["state"], twice["endpoint_state"], twice["iccid"]) == ("refunded", "suspended", sold["iccid"])
    assert late.sentence.startswith("order A-1: refunded.")
    assert cancelled.out.splitlines() == [
        "order A-2: not placed yet; if it comes, it sells nothing",
        "Order A-2 is cancelled.",
    ]
    assert later.sentence.startswith("order A-2: cancelled.")
    assert listed == {"A-1": "refunded", "A-2": "cancelled"}
    assert "has no order A-9; `preactive orders list` shows them" in unknown.sentence
    assert all(words.startswith("An order number is 1 to 100 letters") for words in wrong)
    assert typo.sentence.startswith("No SIM of the account ever carried the tag 'sprng'")
    kinds = [entry["kind"] for entry in here.platform.ledger if entry["iccid"] == sold["iccid"]]
    assert (kinds.count("lifecycle"), kinds.count("activate")) == (1, 1)
    assert "audit trail of orders: 3 facts, unbroken" in here.run("db", "check").out


REFUNDED = "The order was refunded; its number sells nothing any more."


def set_state(here, state):
    """Somebody suspends what is active, or resumes it, and the store knows."""
    with closing(sqlite3.connect(here.store)) as store:
        store.execute("UPDATE endpoints SET state = ? WHERE state IN ('active', 'suspended')", (state,))
        store.commit()


@pytest.mark.long
def test_the_run_of_a_refunded_order_that_could_not_be_shown_before_is_cancelled(bare_world, prefect_api):
    here = bare_world(rows=3, account=HASTY)
    stock(here, here.iccids[:2])
    service = Service(here, env={"PREFECT_API_URL": f"{unreachable()}/api"})
    assert [service.sell(order)[0] for order in ("A-1", "A-2")] == [200, 200]
    assert service.refund("A-1")[0] == 200
    service.close()

    service = Service(here, env={"PREFECT_API_URL": prefect_api.url})
    runs = until(lambda: shown(here), 60, "both runs")
    assert service.refund("A-2")[0] == 200
    told = until(lambda: prefect_api.events("preactive.order.refunded"), 30, "the event")
    service.close()

    states = {order: prefect_api.run(run)["state"] for order, run in runs.items()}
    assert (states["A-1"]["type"], states["A-2"]["type"]) == ("CANCELLED", "COMPLETED")
    assert states["A-1"]["message"].startswith("order A-1: refunded.")
    assert {event["payload"]["order"] for event in told} == {"A-2"}


def test_a_service_whose_store_is_upgraded_while_it_runs_ends_with_one_sentence(bare_world, capfd):
    here = bare_world(rows=2)
    stock(here, here.iccids[:2])
    service = Service(here)
    with closing(sqlite3.connect(here.store)) as store, store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")
    status, answer = service.sell("A-1")
    code = service.process.wait(30)
    service.close()

    assert (status, code) == (503, 4)
    assert "store" in answer["message"]
    told = [line for line in capfd.readouterr().err.splitlines() if "9999" in line]
    assert told[-1].endswith("was running; nothing more was written, restart the program.")
    assert [entry for entry in here.platform.ledger if entry["kind"] == "activate"] == []
