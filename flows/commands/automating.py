"""automations apply: what the server does by itself."""

import asyncio

import typer

app = typer.Typer(help="What the Prefect server does by itself.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `apply` a word of its own though it is the only one."""


@app.command()
def apply() -> None:
    """Make the automations on the Prefect server, or bring them up to date. Those of other people stay."""
    from flows.embedded import use_server
    from tasks import resources

    use_server()
    # Prefect reads where its API is when it is imported, so that comes second.
    from flows.automations import apply as bring

    for line in asyncio.run(bring(resources.notify_block())):
        print(line)
    if not resources.notify_block():
        print("Nobody is notified: the setting notify names no block.")
