"""events poll, serve and list."""

import json
import sys
from typing import Annotated

import typer

from flows.commands import running
from flows.commands.options import Account, Json, one_of
from flows.commands.printing import show, when

app = typer.Typer(help="What the platform says has happened.", no_args_is_help=True)


@app.command()
def poll(account: Account = None, as_json: Json = False) -> None:
    """Ask the platform for its events since the last time. A missed webhook is found here."""
    from domain.inbox import Meaning
    from tasks import platform_events as events

    polled = events.poll(running.account_to_log_in(account))
    if as_json:
        told = {meaning.value: polled.meant.get(meaning, 0) for meaning in Meaning if meaning is not Meaning.NEW}
        print(json.dumps({"new": polled.new, "ahead": polled.ahead} | told))
    else:
        print(f"{polled.sentence()}.")
    if polled.differs:
        raise typer.Exit(3)


@app.command()
def serve(
    account: Account = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port; 0 picks a free one.")] = 8780,
) -> None:
    """Take the platform's webhooks until Ctrl-C. Put something that speaks TLS before it."""
    from tasks import platform_events as events

    events.listen(
        running.account_to_log_in(account),
        host=host,
        port=port,
        ready=lambda bound: print(f"Listening on http://{host}:{bound}", flush=True),
        say=lambda words: print(f"preactive: {words}", file=sys.stderr, flush=True),
    )


@app.command("list")
def list_(
    account: Account = None,
    meaning: Annotated[
        str | None, typer.Option("--meaning", help="new, noted, agrees, confirms, prompts, old, differs or settled.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the events that were taken in, latest first, and what they mean for the store."""
    from domain.inbox import Meaning
    from tasks import resources

    one_of(Meaning, meaning, "--meaning")
    rows = [row | {"at": when(row["at"])} for row in resources.inbox_events(account, meaning)]
    columns = ("at", "type", "iccid", "endpoint_id", "source", "meaning", "text")
    show(rows, columns, as_json=as_json, nothing="No event matches." if meaning else "No event was taken in.")
