"""blocks register: the forms that the UI has under Blocks."""

import asyncio

import typer

app = typer.Typer(help="Kinds of blocks on the Prefect server.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `register` a word of its own though it is the only one."""


@app.command()
def register() -> None:
    """Bring the form for an account's secrets to the Prefect server. Again changes nothing."""
    from flows.embedded import use_server

    use_server()
    # Prefect reads where its API is when it is imported, so that comes second.
    from tasks.blocks import SLUG
    from tasks.blocks import register as bring

    asyncio.run(bring())
    print(f"The form {SLUG} is in the UI under Blocks; name a block in an account's settings: secrets_block.")
