"""`preactive orders serve`: the order service, from its socket to its end."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from types import FrameType
from typing import Any

import uvicorn

from domain.errors import PlatformUnreachable, UsageError
from domain.options import is_loopback
from domain.pacing import Lane
from flows.listening import address, listening
from flows.order_desk import OrderDesk
from tasks import resources
from tasks.stop_signals import AGAIN_SECONDS, SERVICE_SECONDS, HardEnd, stop_signals

_GRACE_SECONDS = 30
_LOGIN_SECONDS = 3.0


def check_address(host: str, token: str) -> None:
    """Refuse to listen where others can reach it without a token.

    Raises UsageError.
    """
    if not is_loopback(host) and not token:
        raise UsageError(
            f"The order service does not listen on {host} without a token: set PREACTIVE_ORDERS_TOKEN or "
            "orders_token_file, or leave out --host to serve this machine only."
        )
    if token and len(token) < 16:
        raise UsageError("The order service's token is shorter than 16 characters; choose a longer one at random.")


async def serve(account: str | None, *, host: str, port: int, answer_within: float, prefect: bool) -> None:
    """Serve until a signal stops it; what is under way then is recorded.

    Raises UsageError, LoginRefused, StoreUnavailable; StoreNewer once the store was upgraded meanwhile.
    """
    tokens = resources.orders_tokens()
    check_address(host, tokens.accepted()[0])
    name, _ = resources.account(account)
    with HardEnd() as end, listening("order service", host, port) as listener:
        try:
            async with resources.session(name, Lane.SALES) as session:
                desk = OrderDesk(session, answer_within=answer_within, prefect=prefect)
                await _open(desk, session, listener, tokens, end)
        finally:
            resources.forget_stop()


async def _open(
    desk: OrderDesk, session: resources.Session, listener: socket.socket, tokens: Any, end: HardEnd
) -> None:
    login = asyncio.create_task(_log_in(session))
    # A wrong password ends the start, and a platform that hangs does not hold it.
    done, _ = await asyncio.wait({login}, timeout=_LOGIN_SECONDS)
    for ended in done:
        ended.result()
    login.add_done_callback(desk.note_login)
    await desk.open()
    try:
        await _serve(desk, listener, tokens, end)
    finally:
        login.cancel()
        await asyncio.gather(login, return_exceptions=True)
        await desk.close()


async def _log_in(session: resources.Session) -> None:
    try:
        await session.platform.login()
    except PlatformUnreachable as error:
        print(f"The platform does not answer yet, orders will wait for it: {error}", flush=True)


async def _serve(desk: OrderDesk, listener: socket.socket, tokens: Any, end: HardEnd) -> None:
    app = resources.order_app(desk, tokens=tokens, version=version("preactive"))
    config = uvicorn.Config(
        app,
        http=resources.http_protocol(),
        backlog=resources.BACKLOG,
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        server_header=False,
    )
    server = _Server(config, desk, end)
    for number in stop_signals():
        asyncio.get_running_loop().add_signal_handler(number, server.handle_exit, number, None)
    known = "with a bearer token" if tokens else "without a token, for this machine only"
    print(f"Order service: {address(listener)} ({known}; its pages: /docs)", flush=True)
    desk.outdated.add_done_callback(lambda _: server.end())
    await server.serve(sockets=[listener])
    if desk.outdated.done():
        desk.outdated.result()


class _Server(uvicorn.Server):
    """Lets no new call start from the moment it is told to end; told again, it waits for no request any more."""

    def __init__(self, config: uvicorn.Config, desk: OrderDesk, end: HardEnd) -> None:
        super().__init__(config)
        self._desk = desk
        self._end = end

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the loop, which also has them while the desk closes."""
        yield

    def end(self) -> None:
        """End as on a signal."""
        self._end.within(SERVICE_SECONDS)
        self._desk.halt()
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """See uvicorn.Server."""
        again = self.should_exit
        self._end.within(AGAIN_SECONDS if again else SERVICE_SECONDS)
        self._desk.halt()
        super().handle_exit(sig, frame)
        self.force_exit = again
