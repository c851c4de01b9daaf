"""What can go wrong with a bulk call in particular; all of it on the INVENTED route."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from adapters.platforms.simulator.answers import written
from adapters.platforms.simulator.faults import Fault, FaultRule
from adapters.platforms.simulator.sft import codes
from adapters.platforms.simulator.sft.bulk import create_row, wanted_rows
from adapters.platforms.simulator.sft.envelope import Reply, success
from adapters.platforms.simulator.sft.exchange import SftExchange

Response = web.StreamResponse | None
Row = dict[str, Any]


async def _part(exchange: SftExchange, rule: FaultRule) -> Response:
    """Create `count` rows, by default half of them, and list the others as failed; `status` 207 says so."""
    rows, made = await _made(exchange, rule)
    failed = {"endPointId": "-", "resultCode": codes.INCORRECT_FIELD, "resultDescription": "Incorrect value"}
    rest = [{"iccid": str(row.get("iccid", "-")), **failed} for row in rows[len(made) :]]
    return _listed(made + rest, rule.status or 200)


async def _missing(exchange: SftExchange, rule: FaultRule) -> Response:
    """Create all rows and leave `count` of them, by default half, out of the answer."""
    rows = wanted_rows(exchange.call)
    made = await _create(exchange, rows)
    return _listed(made[_half(rows, rule) :], 200)


async def _shuffled(exchange: SftExchange, _rule: FaultRule) -> Response:
    """Create all rows and list them from last to first, the first one twice."""
    made = await _create(exchange, wanted_rows(exchange.call))
    return _listed([*reversed(made), made[0]], 200)


async def _cut(exchange: SftExchange, rule: FaultRule) -> Response:
    """Create `count` rows, by default half of them, and answer 500."""
    await _made(exchange, rule)
    return web.Response(status=rule.status or 500, text="Internal Server Error")


async def _made(exchange: SftExchange, rule: FaultRule) -> tuple[list[Row], list[Row]]:
    rows = wanted_rows(exchange.call)
    return rows, await _create(exchange, rows[: _half(rows, rule)])


def _half(rows: list[Row], rule: FaultRule) -> int:
    return len(rows) // 2 if rule.count is None else min(rule.count, len(rows))


async def _create(exchange: SftExchange, rows: list[Row]) -> list[Row]:
    await asyncio.sleep(exchange.latency)
    return [create_row(exchange.engine.platform, row) for row in rows]


def _listed(rows: list[Row], status: int) -> web.Response:
    return written(Reply(status, success(text="Bulk done", responseParam={"rows": rows})))


BULK: dict[Fault, Callable[[SftExchange, FaultRule], Awaitable[Response]]] = {
    "bulk_part": _part,
    "bulk_missing": _missing,
    "bulk_shuffled": _shuffled,
    "bulk_cut": _cut,
}
