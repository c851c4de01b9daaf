"""A database whose network falls silent, or whose table is held: everybody is answered in time, and nothing is lost."""

import asyncio
import signal
import time

import psycopg
import pytest

from tests.flows.processes import fetch
from tests.flows.selling import Service, check_sold, stock
from tests.flows.silence import hasty, silenced


@pytest.fixture
def service_of(postgres, tmp_path, monkeypatch):
    monkeypatch.setenv("PREACTIVE_CONFIG", str(tmp_path / "preactive.toml"))
    return lambda **options: silenced(postgres, tmp_path, **options)


# The first request of a sale, one in the middle, and one at which its call is under way; all of them in tests/chaos.
@pytest.mark.parametrize("is_given_up", [False, True], ids=["short", "long"])
@pytest.mark.parametrize(("request_no", "is_after"), [(1, False), (27, True), (60, False)])
async def test_whichever_request_of_a_sale_gets_no_answer_all_are_answered_and_the_order_gets_one_sim(
    service_of, monkeypatch, request_no, is_after, is_given_up
):
    if is_given_up:
        hasty(monkeypatch)
    async with service_of(sims=4) as silence:
        silence.relay.be_silent_at(request_no, after=is_after)
        answer = await silence.sold("A-1")

        assert silence.relay.is_silent
        assert answer.status_code in (202, 503)
        assert await silence.looked() == [503, 503]
        await silence.goes_on()


@pytest.mark.parametrize("request_no", [1, 3, 5])
async def test_a_look_that_is_cut_off_at_any_request_is_answered_in_time_and_the_next_one_is_well(
    service_of, request_no
):
    async with service_of(sims=1) as silence:
        silence.relay.be_silent_at(request_no)

        assert sorted(await silence.looked())[-1] == 503
        await silence.goes_on()


async def test_while_a_table_is_held_orders_looks_and_health_are_answered_in_time(service_of):
    async with service_of(sims=3) as silence:
        with psycopg.connect(silence.service.shop.store_url.replace("+psycopg", "")) as holder:
            holder.execute("LOCK TABLE endpoints")
            answers = [(await silence.sold(order)).status_code for order in ("A-1", "A-2")]
            seen = await silence.looked()

        assert set(answers) <= {202, 503}
        assert seen == [503, 200], "health needs no endpoint"
        await silence.goes_on()


async def test_many_looks_at_a_silent_store_are_all_answered_in_time(service_of):
    async with service_of(sims=1) as silence:
        silence.relay.be_silent()
        looks = await asyncio.gather(*(silence.looked() for _ in range(20)))

        assert looks == [[503, 503]] * 20
        await silence.goes_on()


@pytest.mark.long
def test_a_service_and_commands_at_a_silent_database_answer_and_end_in_time(bare_world, postgres):
    direct = postgres.copied()
    with postgres.relay() as relay:
        hasty_account = {"deadline_seconds": 2, "settle_seconds": 1}
        here = bare_world(rows=4, account=hasty_account, store_url=postgres.through(relay, direct))
        stock(here, here.iccids)
        service = Service(here, "--answer-within", "2")
        first = service.sell("A-1")
        relay.be_silent()
        told = [timed(lambda: service.sell("A-2")[0]), timed(lambda: service.sell("A-1")[0])]
        told += [timed(lambda: status(f"{service.url}/health"))]
        read = here.run("endpoints", code=4)
        service.process.send_signal(signal.SIGTERM)
        ended = timed(lambda: service.process.wait(90))
        service.close()

        relay.pass_on()
        service = Service(here)
        orders = {order: service.sell_until_done(order)["iccid"] for order in ("A-1", "A-2")}
        service.close()
        check_sold(here, orders)
    postgres.drop(direct)

    assert first[0] == 200
    assert [code for code, _ in told] == [503, 503, 503]
    assert max(seconds for _, seconds in told) < 12
    assert "does not answer" in read.sentence
    assert (ended[0], ended[1] < 60) == (0, True)


def timed(function):
    began = time.monotonic()
    return function(), time.monotonic() - began


def status(url):
    from urllib.error import HTTPError

    try:
        fetch(url)
    except HTTPError as error:
        return error.code
    return 200
