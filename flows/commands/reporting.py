"""reports serve: the report files over HTTP."""

from typing import Annotated

import typer

app = typer.Typer(help="The report files.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `serve` a word of its own though it is the only one."""


@app.command()
def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 8771,
) -> None:
    """Serve the report files to whoever has the Prefect server's login, for the links in its UI. Ctrl-C ends it."""
    from flows.report_service import serve as run

    run(host=host, port=port)
