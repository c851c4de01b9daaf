"""The child that shows sales: started again when it dies, and known to be away when it hangs."""

import asyncio
import os
import signal
import sys

import pytest

from domain.order import Order, OrderState, SellRequest
from flows import showing
from flows.showing import Showcase
from tests.flows.ordering import until

# Says that each sale is shown, once it has ended.
QUICK = """
import json, sys
for line in sys.stdin:
    told = json.loads(line)
    if "end" in told:
        print(json.dumps({"sale": told["end"], "order": told["order"], "run": "run"}), flush=True)
"""
DEAF = "import sys; sys.stdin.read()"


def shop(number, state=OrderState.DONE):
    return SellRequest(order=f"A-{number}"), Order(number, "t", f"A-{number}", state)


@pytest.fixture
async def showcase_of():
    opened = []

    async def make(script):
        shown = []
        made = Showcase(lambda order, _: shown.append(order), command=(sys.executable, "-c", script))
        opened.append(made)
        await made.start()
        return made, shown

    yield make
    for one in opened:
        await one.stop()


def show(showcase, number):
    request, order = shop(number)
    showcase.begin(request, number)
    showcase.end(number, order=order)


async def test_a_child_that_died_is_started_again_and_prefect_is_away_meanwhile(showcase_of, monkeypatch):
    monkeypatch.setattr(showing, "_AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(showing, "_AWAY_SECONDS", 0.5)
    showcase, shown = await showcase_of(QUICK)
    show(showcase, 1)
    await until(is_true(lambda: shown == [1]))

    os.kill(showcase._process.pid, signal.SIGKILL)
    await until(is_true(lambda: showcase.is_away))
    await until(is_true(lambda: not showcase.is_away))
    show(showcase, 2)

    await until(is_true(lambda: shown == [1, 2]))


async def test_a_child_that_hangs_is_away_and_one_that_has_nothing_to_do_is_not(showcase_of, monkeypatch):
    monkeypatch.setattr(showing, "_HANGS_SECONDS", 0.1)
    showcase, _ = await showcase_of(DEAF)
    request, order = shop(1)
    showcase.begin(request, 1)
    await asyncio.sleep(0.15)
    assert not showcase.is_away  # the sale may take as long as it likes

    showcase.end(1, order=order)
    await until(is_true(lambda: showcase.is_away))
    assert not showcase.has_room


def is_true(check):
    async def checked():
        return check()

    return checked


# The same, once a file is there.
LATER = """
import json, os, sys, time
for line in sys.stdin:
    told = json.loads(line)
    if "end" in told:
        while not os.path.exists(sys.argv[1]):
            time.sleep(0.01)
        print(json.dumps({"sale": told["end"], "order": told["order"], "run": "run"}), flush=True)
"""


@pytest.mark.parametrize("is_shown", [True, False])
async def test_a_sale_that_is_shown_while_the_store_is_asked_for_late_ones_is_not_shown_twice(
    service_of, tmp_path, monkeypatch, is_shown
):
    begun, gate = [], tmp_path / "gate"
    async with service_of(sims=2) as service:
        desk = service.desk
        desk._showcase = showcase = Showcase(desk._note, command=(sys.executable, "-c", LATER, str(gate)))
        await showcase.start()
        begin, unshown = showcase.begin, desk._book.unshown

        def counted(request, number):
            begun.append(request.order)
            begin(request, number)

        async def asked(**options):
            await service.sell("A-1")
            await desk._close_settled()
            late = await unshown(**options)
            assert [one.order for one in late] == ["A-1"]
            if is_shown:
                gate.touch()
                await until(is_true(lambda: showcase.is_idle))
                await desk._close_settled()
            return late

        monkeypatch.setattr(showcase, "begin", counted)
        monkeypatch.setattr(desk._book, "unshown", asked)
        await desk._show_late()
        gate.touch()

        assert begun == ["A-1"]
