"""unfinished, and account list, stop and start: what goes on and what may not."""

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands import running
from flows.commands.options import Account, Json, Yes
from flows.commands.printing import show, when

if TYPE_CHECKING:
    from domain.unfinished import OwedReport, Unfinished

accounts = typer.Typer(help="The accounts in the settings.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Account name.")]


def unfinished(account: Account = None, as_json: Json = False, yes: Yes = False) -> None:
    """List what processes that ended left undone, and go on with it. Cancelled batches are left alone."""
    from domain.requests import ResumeRequest
    from tasks import resources

    name = resources.plain_account(account)[0] if account else ""
    changes, selling = resources.open_changes(name), resources.with_open_orders(name)
    found = [one for one in changes if not one.is_worked_on]
    owed = resources.owed_reports(name)
    columns = ("account", "request", "planned", "sent", "in_doubt")
    if found or as_json or not (changes or selling or owed):
        missing = [_row_of_report(one) for one in owed] if as_json else []
        rows = [_row(one) for one in found] + missing
        show(rows, columns, as_json=as_json, nothing="Nothing is unfinished.")
    if as_json:
        return
    for one in changes:
        if one.is_worked_on:
            print(f"Left alone: {one.sentence()}.")
    for each in selling:
        print(f"Orders are in progress on {each}: those that nobody is at are finished or put back.")
    for report in owed:
        print(f"Going on also writes a report: {report.sentence()}.")
    if found or selling or owed:
        running.confirm("Go on with all of it?", yes=yes)
        running.finish(running.run_flow("resume", ResumeRequest(account=name, dry_run=False)))


def _row(one: "Unfinished") -> dict[str, Any]:
    return {"account": one.account, "change": one.change, "request": one.request} | {
        "planned": one.planned,
        "sent": one.sent,
        "in_doubt": one.in_doubt,
    }


def _row_of_report(one: "OwedReport") -> dict[str, Any]:
    row = {"account": one.account, "change": one.change, "request": one.title, "planned": 0, "sent": 0, "in_doubt": 0}
    return row | {"report": "missing"}


@accounts.command("list")
def list_(as_json: Json = False) -> None:
    """List the accounts with their platform, address and rate, and whether one is stopped."""
    from tasks import resources

    stopped = resources.stops()
    rows = []
    for name in resources.account_names():
        _, options = resources.plain_account(name)
        stop = stopped.get(name, {})
        rows.append(
            {
                "account": name,
                "platform": options.platform,
                "base_url": options.base_url,
                "rate_per_second": options.rate_per_second,
                "stopped": when(stop.get("at")),
                "reason": stop.get("reason"),
            }
        )
    columns = ("account", "platform", "base_url", "rate_per_second", "stopped", "reason")
    show(rows, columns, as_json=as_json, nothing="There are no accounts.")


Why = Annotated[str, typer.Option("--reason", help="Why; kept in the log with your name.")]


@accounts.command()
def rename(
    old: Annotated[str, typer.Argument(help="The name in the store.")],
    new: Annotated[str, typer.Argument(help="The name in the settings.")],
    reason: Why,
    yes: Yes = False,
) -> None:
    """Let everything recorded under a former name be that of an account of the settings."""
    from tasks import resources

    running.confirm(f"Everything recorded as account {old} becomes that of {new}. Apply?", yes=yes)
    held = resources.rename_account(old, new, reason)
    print(f"Account {old} is called {new} now: {held.sentence()}. Its earlier facts keep the former name.")


@accounts.command()
def moved(name: Name, reason: Why, yes: Yes = False) -> None:
    """Say that an account is the same tenant at a new address, or with a new user."""
    from domain.tenancy import marks_of
    from tasks import resources

    _, options = resources.plain_account(name)
    pinned = resources.pinned(name)
    print(f"Recorded:     {pinned.sentence() if pinned is not None else 'never used'}")
    print(f"In settings:  {marks_of(options).sentence()}")
    running.confirm(f"Is account {name} the same tenant? Its endpoints are changed there from now on.", yes=yes)
    resources.move_account(name, reason)
    print(f"Account {name} is what its settings say.")


@accounts.command()
def stop(
    name: Name,
    reason: Annotated[str, typer.Option("--reason", help="Why; shown to whoever meets the stop.")],
) -> None:
    """Let no process send anything that writes for this account. Runs under way end after the calls they have sent."""
    from tasks import resources

    resources.stop_account(name, f"{reason}, by {getpass.getuser()}")
    print(f"Account {name} is stopped; `preactive account start {name}` takes that back.")


@accounts.command()
def start(name: Name) -> None:
    """Take a stop back."""
    from tasks import resources

    was = resources.start_account(name)
    print(f"Account {name} may write again." if was else f"Account {name} was not stopped.")
    print("Go on with what was left: preactive unfinished")
