"""reconcile: what differs between the platform account and the store."""

from pathlib import Path
from typing import Annotated, Any

import typer

from flows.commands import running
from flows.commands.lifecycle import Iccids, ListFile, list_file
from flows.commands.options import Account, Json, Limit, Yes
from flows.commands.printing import SHOWN, show

COLUMNS = ("difference", "iccid", "endpoint_id", "state", "platform_endpoint_id", "platform_state", "reason")


def reconcile(
    account: Account = None,
    repair: Annotated[
        str | None,
        typer.Option("--repair", help="Side to change: store (record what the platform shows) or platform."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="Kinds to repair: store-only, platform-only, different. Repeat for more."),
    ] = None,
    iccid: Iccids = None,
    file: ListFile = None,
    limit: Limit = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Compare the whole platform account with the store and list what differs. Changes nothing without --repair."""
    from flows.embedded import find_server

    request = _request(account, repair, only, iccid, file, limit)
    if request.repair is None:
        find_server()  # the account's secrets may be kept there
    else:
        running.begin_api()
    # Prefect reads where its API is when it is imported, so that comes second.
    from tasks.reconcile import compare_account, plan_repair

    found = compare_account(request.account)
    rows = [_row(one) for one in found.found]
    few = rows[:SHOWN] if request.repair is not None and not as_json else rows
    show(few, COLUMNS, as_json=as_json, nothing="Nothing differs.")
    if len(few) < len(rows):
        typer.echo(f"… and {len(rows) - len(few):,} more; without --repair `preactive reconcile` lists all", err=True)
    typer.echo(found.sentence(), err=as_json)
    if request.repair is None:
        raise typer.Exit(3 if rows else 0)
    plan = plan_repair(request, found)
    typer.echo(f"Repair of the {request.repair} of {request.account}: {plan.sentence()}.", err=as_json)
    running.confirm("Apply?", yes=yes)
    running.finish(running.run_flow("reconcile", request.model_copy(update={"dry_run": False})))


def _request(
    account: str | None,
    repair: str | None,
    only: list[str] | None,
    iccids: list[str] | None,
    file: Path | None,
    limit: int | None,
) -> Any:
    from domain.drift import Drift
    from domain.errors import UsageError
    from domain.repair import Side
    from domain.requests import ReconcileRequest
    from tasks import resources

    if repair is not None and repair not in set(Side):
        raise UsageError(f"--repair is one of {', '.join(Side)}, not {repair}.")
    if unknown := [one for one in only or () if one not in set(Drift)]:
        raise UsageError(f"--only is one of {', '.join(Drift)}, not {unknown[0]}.")
    if iccids and file:
        raise UsageError("Say --iccid or --file, not both.")
    if repair is None and (only or iccids or file):
        raise UsageError("--only, --iccid and --file choose what is repaired; say --repair store or --repair platform.")
    name, _ = resources.account(account)
    path = list_file(iccids) if iccids else file
    return ReconcileRequest(
        account=name,
        repair=None if repair is None else Side(repair),
        only=[Drift(one) for one in only or ()],
        file=str(path) if path else None,
        limit=limit,
    )


def _row(one: Any) -> dict[str, Any]:
    return {
        "difference": one.drift.value,
        "iccid": one.iccid,
        "endpoint_id": one.endpoint_id,
        "state": one.state,
        "platform_endpoint_id": one.seen_id,
        "platform_state": one.seen_state,
        "reason": one.reason,
        "looked_up": one.looked,
    }
