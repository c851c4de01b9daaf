"""The order service without sockets and Prefect: its HTTP interface, a real desk, a real store, the real simulator."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from adapters.http.order_api import order_app
from adapters.http.tokens import Tokens
from domain.pacing import Lane
from flows.order_desk import OrderDesk
from tasks import resources
from tests.support.shop import Shop, open_shop

TOKEN = "a-token-of-some-length"
WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}


class Ordering:
    """The service as its clients see it, and the shop behind it."""

    def __init__(self, shop: Shop, client: httpx.AsyncClient, desk: OrderDesk, session: resources.Session) -> None:
        self.shop, self.client, self.desk, self.session = shop, client, desk, session

    async def sell(self, order: str = "A-1", **fields: Any) -> httpx.Response:
        body = {"order": order, "tag": "spring", "group": "eu"} | fields
        return await self.client.post("/orders", json=body)

    async def cancel(self, order: str = "A-1") -> httpx.Response:
        return await self.client.delete(f"/orders/{order}")

    async def refund(self, order: str = "A-1") -> httpx.Response:
        return await self.client.post(f"/orders/{order}/refund")

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.client.get(path, **options)


@asynccontextmanager
async def served(
    shop_open: Any,
    *,
    account: str = "travel",
    token: str = "",
    answer_within: float = 20.0,
    host: str = "127.0.0.1",
) -> AsyncIterator[Ordering]:
    """The service of a shop."""
    async with shop_open as shop, resources.session(account, Lane.SALES) as session:
        desk = OrderDesk(session, answer_within=answer_within, prefect=False)
        transport = httpx.ASGITransport(
            order_app(desk, tokens=Tokens(lambda: token), version="1"), raise_app_exceptions=False
        )
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}", timeout=60) as client:
            yield Ordering(shop, client, desk, session)
        await desk.close()
        resources.forget_stop()  # as at the end of the service


@asynccontextmanager
async def open_ordering(
    folder: Path,
    store_url: str,
    sims: int = 3,
    *,
    token: str = "",
    answer_within: float = 20.0,
    host: str = "127.0.0.1",
    **options: Any,
) -> AsyncIterator[Ordering]:
    """A service on a store; PREACTIVE_CONFIG must name `preactive.toml` in the folder."""
    shop_open = open_shop(folder, store_url, sims=sims, **options)
    async with served(shop_open, token=token, answer_within=answer_within, host=host) as service:
        yield service


async def until(check: Callable[[], Awaitable[Any]], seconds: float = 40.0) -> Any:
    """What the check says, as soon as it says something."""
    async with asyncio.timeout(seconds):
        found = await check()
        while not found:
            await asyncio.sleep(0.01)
            found = await check()
    return found


async def until_done(service: Ordering, order: str) -> dict[str, Any]:
    """Send an order until it is done."""

    async def done() -> httpx.Response | None:
        answer = await service.sell(order)
        return answer if answer.status_code == 200 else None

    return dict((await until(done)).json())
