"""batch list, show, retry, cancel, report and qr."""

from pathlib import Path
from typing import Annotated, Any

import typer

from domain.words import plural
from flows.commands import running
from flows.commands.options import Account, Json, Yes
from flows.commands.printing import show, when

app = typer.Typer(help="What became of a file.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Batch name.")]


@app.command("list")
def list_(account: Account = None, as_json: Json = False) -> None:
    """List the batches with their numbers."""
    from tasks import resources

    columns = ("account", "batch", "tags", "endpoints", "open", "cancelled", "created_at")
    rows = [_row(batch) for batch in resources.batches(account)]
    show(rows, columns, as_json=as_json, nothing="There are no batches yet.")


def _row(batch: dict[str, Any]) -> dict[str, Any]:
    return {
        "account": batch["account"],
        "batch": batch["name"],
        "tags": batch["tags"],
        "endpoints": batch["endpoints"],
        "open": batch["operations"],
        "cancelled": bool(batch["cancelled_at"]),
        "created_at": when(batch["created_at"]),
    }


@app.command("show")
def show_(name: Name, account: Account = None, as_json: Json = False) -> None:
    """Show the rows of a batch's files and what became of each."""
    from domain.labels import Naming
    from tasks import resources
    from tasks.report_data import reason_of_row

    batch = resources.batch_named(name, account)
    naming = Naming(resources.plain_account(batch["account"])[1].name_template, batch["name"])
    rows = [
        {
            "name": row["name"],
            "iccid": row["iccid"],
            "endpoint_id": row["endpoint_id"],
            "state": row["state"],
            "operation": row["kind"],
            "outcome": row["outcome"] or "raw",
            "text": reason_of_row(row, naming),
        }
        for row in resources.mapping_of_rows(batch["id"], batch["change_id"])
    ]
    rejected = [
        {"name": f"row {row['row_no']}", "iccid": p["value"], "outcome": "rejected", "text": p["reason"]}
        for row in resources.rejects(batch["id"])
        for p in row["problems"][:1]
    ]
    columns = ("name", "iccid", "endpoint_id", "state", "operation", "outcome", "text")
    show([*rows, *rejected], columns, as_json=as_json, nothing=f"Batch {name} has no rows.")


@app.command()
def retry(name: Name, account: Account = None, yes: Yes = False) -> None:
    """Run again what failed or was left of a batch, and nothing else."""
    from domain.requests import RetryRequest
    from tasks import resources

    account_name, _ = resources.account(account)
    batch = resources.batch_named(name, account_name)
    left = {state: n for state, n in batch["operations"].items() if state != "needs_human"}
    print(f"Batch {name}: {plural(sum(left.values()), 'operation')} to run again ({_words(left) or 'none'}).")
    if not left and not yes:
        running.nothing_to_do(problems=bool(batch["operations"]))
    running.begin_api()
    running.confirm("Apply?", yes=yes)
    summary = running.run_flow("retry", RetryRequest(batch=name, account=account_name))
    running.finish(summary, why=f"preactive batch show {name} --account {account_name}")


def _words(counts: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {state.replace('_', ' ')}" for state, n in counts.items())


@app.command()
def cancel(name: Name, account: Account = None) -> None:
    """Let no process send anything more for a batch. What is under way is still recorded."""
    from tasks import resources

    batch = resources.batch_named(name, account)
    resources.cancel(batch)
    print(f"Batch {name} is cancelled: no new call starts. `preactive batch retry {name}` goes on with it.")


@app.command()
def report(name: Name, account: Account = None) -> None:
    """Write the batch's report files."""
    from tasks import resources
    from tasks.report_data import batch_report

    for path in batch_report(resources.batch_named(name, account)):
        print(path)


@app.command()
def qr(
    name: Name,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write it. Default: NAME-qr.zip, in the folder of reports.")
    ] = None,
    account: Account = None,
) -> None:
    """Write a ZIP with the QR code of each eSIM of a batch, named by its ICCID."""
    from domain.errors import NothingSelected
    from tasks import resources

    batch = resources.batch_named(name, account)
    path = out or resources.reports_dir() / f"{resources.report_stem(name, batch['account'])}-qr.zip"
    written = resources.write_batch_qr(batch["id"], path)
    if not written:
        raise NothingSelected(f"Batch {name} has no LPA strings, so there is nothing to hand over.")
    print(f"{path}: {plural(written, 'QR code')}")
