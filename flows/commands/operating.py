"""simulator, db, doctor, up and demo."""

from typing import Annotated

import typer

from flows.commands import running
from flows.commands.options import Account, Json

db = typer.Typer(help="The store's tables.", no_args_is_help=True)


def simulator(context: typer.Context) -> None:
    """Run the platform simulator; `preactive simulator --help` lists its knobs."""
    from tasks import resources

    raise typer.Exit(resources.run_simulator(context.args))


@db.command()
def upgrade(
    force: Annotated[
        bool, typer.Option("--force", help="Also while processes work with the store; they can write nothing more.")
    ] = False,
) -> None:
    """Bring the store to this program's version."""
    from tasks import resources

    print(f"The store {resources.store_place()} has version {resources.upgrade_store(force=force)}.")


@db.command()
def check(as_json: Json = False) -> None:
    """Check that the store is whole and has this program's version, and compare it with its audit trail."""
    import json

    from tasks import resources

    def tell(line: str) -> None:
        print(json.dumps({"finding": line}) if as_json else line, flush=True)

    for line in resources.check_store():
        tell(line)
    tell(resources.audit_store())


@db.command()
def rebuild(
    source: Annotated[str, typer.Option("--from", help="URL of the store whose audit trail is read.")],
    broken_too: Annotated[bool, typer.Option("--broken-too", help="Also from a trail that does not fit.")] = False,
) -> None:
    """Make every mapping again from the audit trail of another store, into the empty store of the settings."""
    from domain.words import plural
    from tasks import resources

    for made in resources.rebuild_store(source, broken_too=broken_too):
        print(
            f"{made.account}: {plural(made.endpoints, 'endpoint')} and {plural(made.orders, 'order')} from "
            f"{plural(made.facts, 'fact')}, {plural(made.in_doubt, 'operation')} in doubt, "
            f"{made.needs_human:,} need a person"
        )
        if made.without_order:
            print(
                f"{made.account}: {plural(made.without_order, 'active endpoint')} without an order, put into service "
                "by a run or sold before orders were kept in the trail; where the shop sold one, do not let it "
                "send that order again, which would get a second SIM"
            )


def doctor(
    account: Account = None,
    contract: Annotated[
        bool, typer.Option("--contract", help="Read the platform to see which inferred facts about its calls hold.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check settings, store, platform login, Prefect API and versions; one line for each finding."""
    import json

    from flows.checks import contract_findings, findings

    found = list(contract_findings(account) if contract else findings(account))
    for one in found:
        print(json.dumps(one.json()) if as_json else one.line())
    if any(not one.ok for one in found):
        raise typer.Exit(1)


def up(
    host: Annotated[str, typer.Option("--host", help="Address that the Prefect server listens at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port of the Prefect server.")] = 4200,
    simulator_port: Annotated[int, typer.Option("--simulator-port")] = 8765,
    orders_port: Annotated[int, typer.Option("--orders-port", help="Port of the order service.")] = 8770,
    reports_port: Annotated[int, typer.Option("--reports-port", help="Port of the report files.")] = 8771,
) -> None:
    """Start what an operator uses: Prefect with its UI, simulator, deployments, order service. Ctrl-C ends it all."""
    from flows.everything import Places, serve_all

    serve_all(Places(host, port, simulator_port, orders_port, reports_port))


def demo() -> None:
    """Provision a sample workbook on the local simulator, activate part of it, and say what happened."""
    from flows.demo import run_demo

    running.begin_api()
    run_demo()
