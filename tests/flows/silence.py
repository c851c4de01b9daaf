"""An order service whose PostgreSQL can fall silent, or hold a table, at any moment."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from adapters.store import deadline
from adapters.store.deadline import Deadline
from tests.flows.ordering import Ordering, open_ordering, until_done
from tests.support.postgres import Postgres
from tests.support.relay import Relay

ANSWER_WITHIN = 1.0
_LOADED = 5.0  # s; others work on the same machine, and who hears nothing would wait half a minute


class Silence:
    """The service, the relay before its database, and what its clients are told."""

    def __init__(self, service: Ordering, relay: Relay) -> None:
        self.service, self.relay = service, relay
        self.orders: list[str] = []

    async def sold(self, order: str) -> httpx.Response:
        """Send an order; it is answered in time, whatever the answer is."""
        self.orders.append(order)
        return await self.answered(self.service.sell(order))

    async def looked(self) -> list[int]:
        """The answers to a look at the first order and at the service's health, both in time."""
        asked = [self.answered(self.service.get(path)) for path in (f"/orders/{self.orders[0]}", "/health")]
        return [answer.status_code for answer in await asyncio.gather(*asked)]

    async def answered(self, request: Any) -> httpx.Response:
        began = time.monotonic()
        answer: httpx.Response = await request
        took = time.monotonic() - began
        assert took < ANSWER_WITHIN + _LOADED, f"{answer.request.url} took {took:.1f} s"
        return answer

    async def goes_on(self) -> None:
        """With the network back, every order gets its SIM, one each, says the platform."""
        self.relay.pass_on()
        shop = self.service.shop
        sold = [(await until_done(self.service, order))["iccid"] for order in self.orders]
        assert len(set(sold)) == len(self.orders)
        assert {iccid: shop.in_service()[iccid] for iccid in sold} == dict.fromkeys(sold, 1)
        assert shop.done["activate"] == len(self.orders)
        assert await self.looked() == [200, 200]


@asynccontextmanager
async def silenced(
    postgres: Postgres, folder: Path, *, sims: int, more: str = "deadline_seconds = 5", **knobs: Any
) -> AsyncIterator[Silence]:
    """A service on a database of its own behind a relay; PREACTIVE_CONFIG must name `preactive.toml` in the folder."""
    direct = postgres.copied()
    with postgres.relay() as relay:
        url = postgres.through(relay, direct)
        opened = open_ordering(folder, url, sims=sims, more=more, answer_within=ANSWER_WITHIN, **knobs)
        async with opened as service:
            made = Silence(service, relay)
            await service.session.platform.login()
            await made.sold("first")
            try:
                yield made
            finally:
                relay.pass_on()
    postgres.drop(direct)


def hasty(monkeypatch: Any, seconds: float = 0.3) -> None:
    """Give a call to the store up after a moment instead of after half a minute."""
    monkeypatch.setattr(deadline, "STEP", Deadline(seconds, seconds))
    monkeypatch.setattr(deadline._Here, "deadline", deadline.STEP)
