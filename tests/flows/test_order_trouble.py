"""The order desk when store or platform go away for a while: nothing is lost, and it sells again by itself."""

import asyncio
import contextlib
import fcntl
import os
import socket
from contextlib import contextmanager

import httpx
import pytest

from adapters import settings
from adapters.store import engine as engines
from domain.errors import LoginRefused
from domain.outcome import Because, Verdict
from domain.ports import Scope
from flows import login_guard, order_service
from tasks import resources
from tests.flows.ordering import until, until_done
from tests.flows.processes import free_port
from tests.support.desk import came
from tests.support.sft import PASSWORD
from tests.support.shop import SETTINGS


@contextmanager
def store_held(path):
    """Somebody else has the turn at the embedded store and does not give it back."""
    handle = os.open(f"{path}/store.db.turn", os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(handle)


def under_way(count):
    async def check():
        return len(list(resources.orders("travel", "in_progress"))) == count

    return check


def activated(service, count):
    async def check():
        return service.shop.done["activate"] >= count

    return check


async def test_a_store_that_was_away_while_calls_were_under_way_stops_no_later_sale(
    service_of, quick_path, monkeypatch
):
    monkeypatch.setattr(engines, "_BUSY_SECONDS", 0.05)
    async with service_of(sims=6, answer_within=0.5, latency_write=0.3) as service:
        sales = [asyncio.create_task(service.sell(f"A-{n}")) for n in range(4)]
        await until(under_way(4))
        with store_held(quick_path):
            answers = await asyncio.gather(*sales)
        again = [await until_done(service, f"A-{n}") for n in range(4)]
        new = await until_done(service, "B-1")

        assert {answer.status_code for answer in answers} <= {202, 503}
        assert len({answer["iccid"] for answer in [*again, new]}) == 5
        assert service.shop.done["activate"] == 5


def renewal(shop, password):
    """From now on the platform wants a new login, with this password."""
    sessions = shop.simulator.engine.sessions
    sessions._tokens.clear()
    sessions._users["api-user"] = (password, sessions._users["api-user"][1])


async def test_one_login_that_a_gateway_forbids_at_a_renewal_stops_no_sale(service_of):
    async with service_of() as service:
        await service.sell("A-1")
        renewal(service.shop, PASSWORD)
        service.shop.faults({"fault": "forbidden", "route": "login", "times": 1})

        assert (await service.sell("A-2")).status_code == 200


async def test_while_the_login_is_refused_no_order_takes_a_sim_and_everybody_is_told(service_of, capsys):
    async with service_of(sims=5) as service:
        await service.sell("A-1")
        renewal(service.shop, "changed")
        answers = [(await service.sell(f"A-{n}")).status_code for n in range(2, 5)]
        health = await service.get("/health")

        assert answers == [503, 503, 503]
        assert (await service.get("/orders/A-3")).status_code == 404
        assert (await service.sell("A-1")).json()["state"] == "done"
        assert (health.status_code, health.json()["well"], health.json()["login"]) == (503, False, "refused")
        told = capsys.readouterr().err.splitlines()
        assert len(told) == 1
        assert told[0].startswith("Orders are refused until the login is accepted again: The platform refused the log")


async def test_a_login_that_is_accepted_again_is_noticed_by_asking_now_and_then(monkeypatch, capsys):
    refusals = [LoginRefused("no"), None]
    asked = []

    async def log_in():
        asked.append(1)
        if (refusal := refusals.pop(0)) is not None:
            raise refusal

    guard = login_guard.LoginGuard(log_in)
    await guard.check()
    guard.note(LoginRefused("no"))
    for _ in range(3):
        with pytest.raises(LoginRefused):
            await guard.check()
    assert asked == []
    monkeypatch.setattr(login_guard, "_ASK_SECONDS", 0.0)
    with pytest.raises(LoginRefused):
        await guard.check()
    await guard.check()

    assert (len(asked), guard.is_refused) == (2, False)
    assert capsys.readouterr().err.splitlines()[-1] == "The platform accepts the login again; orders are sold."


async def test_a_service_that_is_told_to_end_waits_for_the_calls_of_its_sweep(service_of):
    async with service_of(sims=2) as service:
        order, step = await service.session.orders().place(service.shop.order())
        (work,) = step.work
        await service.session.ledger.step(Scope(order.change), [came(work, Verdict.NOT_DONE, Because.STOPPED)], 0)
        service.shop.faults({"fault": "hang_after", "route": "EndPointActivation", "seconds": 0.5, "times": 1})
        await service.desk.open()
        await until(activated(service, 1))
        await service.desk.close()

        history = resources.history(order.iccid, "travel")
        assert [row["verdict"] for row in history if row["event"] == "answer" and row["kind"] == "activate"] == [
            "stopped",
            "unknown",  # the answer was lost, and that is known
        ]


async def test_a_platform_that_hangs_does_not_hold_the_start(tmp_path, quick_path, monkeypatch):
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))
    monkeypatch.setattr(order_service, "_LOGIN_SECONDS", 0.1)
    silent, port = socket.create_server(("127.0.0.1", 0)), free_port()  # takes connections, and says nothing
    url, store = f"http://127.0.0.1:{silent.getsockname()[1]}", f"sqlite:///{quick_path}/store.db"
    text = SETTINGS.format(store_url=store, base_url=url, password=PASSWORD, more="")
    (tmp_path / "preactive.toml").write_text(text)
    settings.load.cache_clear()
    served = asyncio.create_task(
        order_service.serve("travel", host="127.0.0.1", port=port, answer_within=1, prefect=False)
    )

    async def health():
        with contextlib.suppress(httpx.TransportError):
            return await client.get("/health")
        assert not served.done()
        return None

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=1) as client:
        answer = await until(health, 3)
    served.cancel()
    await asyncio.gather(served, return_exceptions=True)
    silent.close()
    settings.load.cache_clear()

    assert (answer.status_code, answer.json()["well"]) == (200, True)


async def test_a_sim_that_no_call_ever_reached_goes_back_when_its_reservation_is_over(service_of):
    async with service_of(sims=1, more="deadline_seconds = 5\nreservation_seconds = 1", answer_within=0.2) as service:
        await service.session.platform.login()
        await service.shop.simulator.stop()
        assert (await service.sell()).status_code == 202
        await asyncio.sleep(1.0)

        async def expired():
            await service.desk._sweep()
            return (await service.get("/orders/A-1")).json()["state"] == "expired"

        await until(expired)
        assert next(iter(resources.stock("travel")))["held"] == 0
