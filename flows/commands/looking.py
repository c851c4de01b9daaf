"""endpoints, history and stock: read the store and answer at once."""

import csv
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.commands.options import Account, Json, one_of
from flows.commands.printing import show, when

COLUMNS = (
    "account",
    "iccid",
    "endpoint_id",
    "name",
    "state",
    "network_state",
    "group",
    "tags",
    "batch",
    "order",
    "updated_at",
)


def endpoints(
    account: Account = None,
    tag: Annotated[str | None, typer.Option("--tag", help="Those that carry this tag.")] = None,
    state: Annotated[
        str | None, typer.Option("--state", help="stock, pre_active, active, suspended or terminated.")
    ] = None,
    group: Annotated[
        str | None, typer.Option("--group", help="Those in this group, by any name it was used under.")
    ] = None,
    batch: Annotated[str | None, typer.Option("--batch", help="Those that this batch brought.")] = None,
    iccid: Annotated[str | None, typer.Option("--iccid", help="The one with this ICCID.")] = None,
    order: Annotated[str | None, typer.Option("--order", help="The one sold for this order.")] = None,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV on standard output.")] = False,
    xlsx: Annotated[Path | None, typer.Option("--xlsx", help="Write a workbook.")] = None,
) -> None:
    """List endpoints: the mapping name / ICCID / endpoint id, with state, group and tags."""
    from domain.lifecycle import Lifecycle
    from tasks import resources

    one_of(Lifecycle, state, "--state")
    iccid = resources.checked_iccid(iccid, account) if iccid is not None else None
    resources.check_filters(account, {"tag": tag, "group": group, "batch": batch, "order": order})
    filters = {
        "account": account,
        "tag": tag,
        "state": state,
        "group": group,
        "batch": batch,
        "iccid": iccid,
        "order": order,
    }
    rows = _timed(resources.endpoints(filters))
    if xlsx is not None:
        print(resources.write_table(xlsx, COLUMNS, rows))
    elif as_csv:
        _write_csv(rows)
    else:
        show(rows, COLUMNS[1:10], as_json=as_json, nothing="No endpoint matches.")


def _timed(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield row | {"updated_at": when(row["updated_at"])}


def _write_csv(rows: Iterable[dict[str, Any]]) -> None:
    from tasks import resources

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        cells = [",".join(row[name]) if name == "tags" else row[name] for name in COLUMNS]
        writer.writerow([resources.safe_cell(cell) for cell in cells])


def history(
    iccid: Annotated[str, typer.Option("--iccid", help="The ICCID.")], account: Account = None, as_json: Json = False
) -> None:
    """Show every operation on one endpoint and every answer of the platform."""
    from tasks import resources

    iccid = resources.checked_iccid(iccid, account)
    rows = [row | {"at": when(row["at"])} for row in resources.history(iccid, account)]
    columns = ("at", "kind", "target", "attempt", "event", "verdict", "code", "text", "endpoint_id", "response_id")
    show(rows, columns, as_json=as_json, nothing=f"Nothing is known of ICCID {iccid}.")


def stock(account: Account = None, as_json: Json = False) -> None:
    """Show how many endpoints wait, by account, tag and group, between which marks, and how many orders hold."""
    from tasks import resources

    kept = ("stock", "pre_active", "held", "low", "high")
    columns = ("account", "tag", "group", *kept, "active", "suspended", "terminated")
    show(resources.stock(account), columns, as_json=as_json, nothing="The store has no endpoints yet.")
