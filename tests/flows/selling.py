"""The order service as a process, which can be told to die at any point of a sale."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from adapters import settings
from tests.flows.processes import end, until
from tests.flows.world import GROUP, ROOT, World
from tests.support.shop import make_pre_active

TAG = "spring"

# Counts the moments before and after each commit and each HTTP call from the signal on, and dies at the one named.
MORTAL = """
import os, signal, sys
import aiohttp
from sqlalchemy import Engine, event
from sqlalchemy.pool import Pool

left = int(os.environ.pop("DIE_AT"))
armed = False

def arm(*_):
    global armed
    armed = True

def moment(*_):
    global left
    if armed:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

async def request(*arguments, original=aiohttp.ClientSession._request, **options):
    moment()
    answer = await original(*arguments, **options)
    moment()
    return answer

signal.signal(signal.SIGUSR1, arm)
if not os.environ.get("DIES_AT_CALLS"):
    event.listen(Engine, "commit", moment)
    event.listen(Pool, "checkin", moment)
aiohttp.ClientSession._request = request
from flows.__main__ import main
main()
"""


def stock(world: World, iccids: Sequence[str], tag: str = TAG) -> None:
    """Make pre-active endpoints of these SIMs with the tag, in this process and without Prefect."""
    os.environ["PREACTIVE_CONFIG"] = str(world.settings)
    settings.load.cache_clear()
    try:
        asyncio.run(make_pre_active(world.store_url, iccids, "t", tag))
    finally:
        del os.environ["PREACTIVE_CONFIG"]
        settings.load.cache_clear()


class Service:
    """The order service of a world in a process of its own."""

    def __init__(self, world: World, *options: str, die_at: int = 0, env: dict[str, str] | None = None) -> None:
        command = ["-c", MORTAL] if die_at else ["-m", "flows"]
        prefect = [] if env and "PREFECT_API_URL" in env else ["--no-prefect"]
        self.process = subprocess.Popen(
            [sys.executable, *command, "orders", "serve", "--port", "0", *prefect, *options],
            env=world.env | (env or {}) | {"DIE_AT": str(die_at), "PYTHONPATH": str(ROOT)},
            cwd=world.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline().split()
        assert said[:2] == ["Order", "service:"], said
        self.url = said[2]

    def arm(self) -> None:
        """From now on it may die."""
        self.process.send_signal(signal.SIGUSR1)

    @property
    def is_dead(self) -> bool:
        return self.process.poll() is not None

    def sell(self, order: str, *, token: str = "") -> tuple[int, dict[str, Any]]:
        """Status and body of the answer; status 0 when there was none."""
        return self._post("/orders", {"order": order, "tag": TAG, "group": GROUP}, token)

    def refund(self, order: str) -> tuple[int, dict[str, Any]]:
        """The same for a refund."""
        return self._post(f"/orders/{order}/refund", {}, "")

    def _post(self, path: str, content: dict[str, str], token: str) -> tuple[int, dict[str, Any]]:
        known = {"Authorization": f"Bearer {token}"} if token else {}
        headers = {"Content-Type": "application/json"} | known
        request = Request(f"{self.url}{path}", data=json.dumps(content).encode(), headers=headers)
        try:
            with urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except HTTPError as error:
            return error.code, json.loads(error.read())
        except (OSError, HTTPException, ValueError):
            return 0, {}

    def sell_until_done(self, order: str) -> dict[str, Any]:
        """Send the same order again until it is done."""
        return until(lambda: (sold := self.sell(order))[0] == 200 and sold[1], 60, f"order {order}")

    def close(self) -> None:
        end(self.process)


def check_sold(world: World, orders: dict[str, str]) -> None:
    """Each order has its SIM, and each SIM one activation and one add-on, of all that ever happened."""
    endpoints = {iccid: one for iccid, one in world.platform.endpoints.items() if one["status"] == "Active"}
    activated = Counter(entry["iccid"] for entry in world.platform.ledger if entry["kind"] == "activate")
    assert len(set(orders.values())) == len(orders)
    assert set(endpoints) == set(orders.values())
    assert {iccid: len(one["addons"]) for iccid, one in endpoints.items()} == dict.fromkeys(endpoints, 1)
    assert activated == dict.fromkeys(orders.values(), 1)
    rows = world.run("endpoints", "--state", "active", "--json").rows
    assert {row["order"]: row["iccid"] for row in rows} == orders
