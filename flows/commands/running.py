"""Runs a flow for a command: the Prefect API beside it, progress on a terminal, a clean stop on Ctrl-C."""

import asyncio
import gc
import json
import sys
import traceback
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from domain.errors import Stopped

if TYPE_CHECKING:
    from domain.summary import Summary
    from flows.embedded import EmbeddedApi

_DRAIN_SECONDS = 10.0
_api: "EmbeddedApi | None" = None


def begin_api() -> "EmbeddedApi":
    """Begin to start the Prefect API, so that it is up by the time the plan was read."""
    global _api  # noqa: PLW0603 - one API for each process
    if _api is None:
        from flows.embedded import EmbeddedApi  # not for commands that only read

        _api = EmbeddedApi()
        _api.start()
    return _api


def end_api() -> None:
    """End the Prefect API of this process, if there is one."""
    global _api  # noqa: PLW0603
    if _api is not None:
        _drain()
        _api.stop()
        _api = None


def _drain() -> None:
    """Let Prefect hand over its last events and log lines; without an API it would try for a minute at exit."""
    if "prefect.events.worker" not in sys.modules:
        return
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    EventsWorker.drain_all(timeout=_DRAIN_SECONDS)
    APILogWorker.drain_all(timeout=_DRAIN_SECONDS)


def keep_traceback(error: Exception | None = None) -> Path:
    """Write the traceback of an exception, or of the current one, to a file of its own, without secrets."""
    from tasks.resources import private_folder, without_secrets

    path = private_folder(Path("data/var")) / f"error-{datetime.now(UTC):%Y%m%dT%H%M%S}.txt"
    text = traceback.format_exc() if error is None else "".join(traceback.format_exception(error))
    path.write_text(without_secrets(text), encoding="utf-8")
    return path


def account_to_log_in(account: str | None) -> str:
    """The account's name, once the Prefect server was looked for, where its secrets may be kept."""
    from flows.embedded import find_server
    from tasks import resources

    find_server()
    return resources.account(account)[0]


def confirm(question: str, *, yes: bool) -> None:
    """Ask before applying.

    Raises NotConfirmed.
    """
    from domain.errors import NotConfirmed

    if yes:
        return
    if not sys.stdin.isatty():
        raise NotConfirmed("Nothing was changed: say --yes to apply without being asked.")
    if not typer.confirm(question, default=False, err=True):
        raise NotConfirmed("Nothing was changed.")


def nothing_to_do(*, problems: bool = False) -> NoReturn:
    """End a command that found nothing to ask for; `problems`: something was left out, and was listed."""
    print("Nothing to do.")
    raise typer.Exit(3 if problems else 0)


def run_flow(name: str, request: object) -> "Summary":
    """Run the flow `flows.NAME.NAME` to its end and return its numbers.

    Raises PreactiveError, as the flow met it.
    """
    begin_api().ready()
    # Prefect reads where its API is when it is imported, so that comes second.
    flow = getattr(import_module(f"flows.{name}"), name)
    gc.freeze()  # all that was imported stays, and looking through it again and again takes time from every call
    from tasks.bound import by_command

    try:
        with by_command():
            summary: Summary = asyncio.run(_run(flow, request))
    except asyncio.CancelledError:
        raise Stopped("Left at once; the calls under way are looked up when the same command is run again.") from None
    except Exception as error:
        if type(error).__module__.split(".")[0] not in ("httpx", "httpcore", "prefect"):
            raise
        raise Stopped(
            "The Prefect API went away in the middle of the run; what was done is recorded, run the same command again."
        ) from error
    return summary


async def _run(flow: Callable[..., Awaitable[Any]], request: object) -> Any:
    from flows.commands.display import display

    with display():
        state = await flow(request, return_state=True)
    result = await state.aresult(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    return result


def finish(summary: "Summary", *, why: str = "") -> NoReturn:
    """Print what happened, the JSON line last, and end with the documented exit code; `why` shows the refusals."""
    show(summary, why=why)
    raise typer.Exit(summary.exit_code)


def show(summary: "Summary", *, why: str = "") -> None:
    """Print what happened, the JSON line last."""
    print(summary.sentence())
    if summary.refused and why:
        print(f"  why they were refused: `{why}`")
    if summary.in_doubt or summary.needs_human:
        print("  what is in doubt or needs a person: `preactive resolve`")
    for path in summary.reports:
        print(f"  {path}")
    print(json.dumps(summary.json()), flush=True)
