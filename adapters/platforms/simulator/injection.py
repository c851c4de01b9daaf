"""What each fault does; one function per fault. Nothing returned means that no proper answer is sent."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from adapters.platforms.simulator import distortion
from adapters.platforms.simulator.answers import encoded, written
from adapters.platforms.simulator.exchange import Exchange
from adapters.platforms.simulator.faults import Fault, FaultRule
from adapters.platforms.simulator.oddities import ODDITIES
from adapters.platforms.simulator.sft.bulk_faults import BULK
from adapters.platforms.simulator.sft.envelope import Reply, timed_out
from adapters.platforms.simulator.sft.exchange import SftExchange

_HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"
_DRIP_SECONDS = 1.0

Response = web.StreamResponse | None
Injection = Callable[[Exchange, FaultRule], Awaitable[Response]]
SftInjection = Callable[[SftExchange, FaultRule], Awaitable[Response]]


async def inject(exchange: SftExchange, rule: FaultRule) -> Response:
    """Answer the exchange in the way the fault wants it."""
    return await INJECTIONS[rule.fault](exchange, rule)


async def _error_before(_exchange: Exchange, rule: FaultRule) -> Response:
    await asyncio.sleep(rule.delay)
    return _server_error(rule)


async def _error_after(exchange: Exchange, rule: FaultRule) -> Response:
    await exchange.apply()
    await asyncio.sleep(rule.delay)
    return _server_error(rule)


async def _timeout_code_applied(exchange: Exchange, rule: FaultRule) -> Response:
    if rule.late:
        exchange.apply_later(rule.late)
    else:
        await exchange.apply()
    await asyncio.sleep(rule.delay)
    return written(timed_out())


async def _hang_before(exchange: Exchange, rule: FaultRule) -> Response:
    await exchange.hang(rule.seconds)
    return None


async def _hang_after(exchange: Exchange, rule: FaultRule) -> Response:
    await exchange.apply()
    await exchange.hang(rule.seconds)
    return None


async def _late_commit(exchange: Exchange, rule: FaultRule) -> Response:
    exchange.apply_later(rule.late)
    await exchange.hang(rule.seconds)
    return None


async def _reset_before(exchange: Exchange, rule: FaultRule) -> Response:
    (exchange.close if rule.form == "fin" else exchange.reset)()
    return None


async def _reset_after(exchange: Exchange, rule: FaultRule) -> Response:
    await exchange.apply()
    (exchange.close if rule.form == "fin" else exchange.reset)()
    return None


async def _cut_body(exchange: Exchange, rule: FaultRule) -> Response:
    """Send half of the answer: with form `close` as valid HTTP without a length, else short of the length announced."""
    body = encoded(await exchange.apply())
    length = b"" if rule.form == "close" else b"Content-Length: %d\r\n" % len(body)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%sConnection: close\r\n\r\n" % length
    exchange.send_raw(head + body[: len(body) // 2])
    return None


async def _html_502(exchange: Exchange, rule: FaultRule) -> Response:
    if rule.when != "before":
        await exchange.apply()
    status = rule.status or 502
    return web.Response(status=status, text=_HTML.format(f"{status} Bad Gateway"), content_type="text/html")


async def _unavailable(exchange: Exchange, rule: FaultRule) -> Response:
    await _apply_if_after(exchange, rule)
    headers = {"Retry-After": rule.retry_after} if rule.retry_after is not None else None
    return web.Response(status=rule.status or 503, text="Service Unavailable", headers=headers)


async def _throttle(exchange: Exchange, rule: FaultRule) -> Response:
    await _apply_if_after(exchange, rule)
    return exchange.too_fast(rule)


async def _forbidden(_exchange: Exchange, rule: FaultRule) -> Response:
    return web.Response(status=rule.status or 403, text="Forbidden")


async def _refused(exchange: Exchange, rule: FaultRule) -> Response:
    """Refuse the item as the platform refuses."""
    await asyncio.sleep(exchange.latency)
    return written(exchange.refusal(rule))


async def _redirect(exchange: Exchange, rule: FaultRule) -> Response:
    await _apply_if_after(exchange, rule)
    return web.Response(status=rule.status or 307, headers={"Location": rule.location + exchange.path})


async def _token_expired(exchange: Exchange, rule: FaultRule) -> Response:
    return written(exchange.bad_token(rule))


async def _drip(exchange: Exchange, rule: FaultRule) -> Response:
    body = encoded(await exchange.apply())
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
    await response.prepare(exchange.request)
    with suppress(ConnectionError):  # the client may leave
        for position in range(len(body)):
            await response.write(body[position : position + 1])
            await asyncio.sleep(rule.delay or _DRIP_SECONDS)
    return response


async def _filter_ignored(exchange: Exchange, _rule: FaultRule) -> Response:
    exchange.drop_filter()
    return written(await exchange.apply())


def _distorted(change: Callable[[Exchange, FaultRule, Reply], None]) -> Injection:
    """Return an injection that does the call and then changes what the answer says."""

    async def run(exchange: Exchange, rule: FaultRule) -> Response:
        reply = await exchange.apply()
        change(exchange, rule, reply)
        return written(reply)

    return run


async def _apply_if_after(exchange: Exchange, rule: FaultRule) -> None:
    if rule.when == "after":
        await exchange.apply()


def _server_error(rule: FaultRule) -> web.Response:
    return web.Response(status=rule.status or 500, text="Internal Server Error")


# What may go wrong on any platform; each says it in its own form.
ANYWHERE: dict[Fault, Injection] = {
    "error_before": _error_before,
    "error_after": _error_after,
    "hang_before": _hang_before,
    "hang_after": _hang_after,
    "late_commit": _late_commit,
    "reset_before": _reset_before,
    "reset_after": _reset_after,
    "cut_body": _cut_body,
    "html_502": _html_502,
    "unavailable": _unavailable,
    "forbidden": _forbidden,
    "redirect": _redirect,
    "drip": _drip,
    "throttle": _throttle,
    "refused": _refused,
    "token_expired": _token_expired,
    "empty_id": _distorted(distortion.empty_id),
    "duplicate_id": _distorted(distortion.duplicate_id),
    "wrong_iccid": _distorted(distortion.wrong_iccid),
    "two_rows": _distorted(distortion.two_rows),
    "filter_ignored": _filter_ignored,
    "odd_id": _distorted(distortion.odd_id),
    **ODDITIES,
}
INJECTIONS: dict[Fault, SftInjection] = {**ANYWHERE, "timeout_code_applied": _timeout_code_applied, **BULK}
