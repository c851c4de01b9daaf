"""plan and provision."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands import running
from flows.commands.options import Account, File, Json, Limit, Sheet, Supplier, Tags, Yes
from flows.commands.printing import SHOWN, show_rejects

if TYPE_CHECKING:
    from domain.manifest import Manifest
    from domain.plan import Plan

Batch = Annotated[str | None, typer.Option("--batch", help="Batch name. Default: the file's name.")]
Template = Annotated[
    str | None, typer.Option("--name-template", help="Name for rows without one: {batch}, {row}, {iccid}.")
]
AcceptRejects = Annotated[bool, typer.Option("--accept-rejects", help="Go on however many rows are bad.")]


def plan(
    file: File,
    account: Account = None,
    tag: Tags = None,
    batch: Batch = None,
    name_template: Template = None,
    sheet: Sheet = None,
    supplier: Supplier = None,
    check_platform: Annotated[bool, typer.Option("--check-platform", help="Also read the platform.")] = False,
    as_json: Json = False,
) -> None:
    """Read and check a file and show what provisioning it would do. Changes nothing."""
    from flows.embedded import find_server
    from tasks.planning import plan_against_platform, plan_file, why_held

    if check_platform:
        find_server()  # the account's secrets may be kept there
    chosen = {"sheet": sheet, "supplier": supplier, "name_template": name_template}
    request = _request(file, account, tag, batch, **chosen)
    manifest, made = plan_against_platform(request) if check_platform else plan_file(request)
    held = why_held(request, manifest, made)
    if as_json:
        print(json.dumps(_plan_json(manifest, made, held)))
    else:
        _show(manifest, made)
        if held:
            print(f"`provision` would stop here: {held}")
    if made.has_problems:
        raise typer.Exit(3)


def provision(
    file: File,
    account: Account = None,
    tag: Tags = None,
    batch: Batch = None,
    name_template: Template = None,
    sheet: Sheet = None,
    supplier: Supplier = None,
    accept_rejects: AcceptRejects = False,
    limit: Limit = None,
    yes: Yes = False,
) -> None:
    """Create a tagged, pre-active endpoint for each SIM in a file. The same file again goes on where it stopped."""
    from tasks.planning import hold_if_unsafe, plan_file

    chosen = {"sheet": sheet, "supplier": supplier, "name_template": name_template}
    request = _request(file, account, tag, batch, accept_rejects=accept_rejects, limit=limit, **chosen)
    manifest, made = plan_file(request)
    hold_if_unsafe(request, manifest, made)
    _show(manifest, made)
    if made.is_done and not yes:
        running.nothing_to_do(problems=made.has_problems)
    running.begin_api()  # it starts while the plan is read
    running.confirm("Apply?", yes=yes)
    final = request.model_copy(update={"dry_run": False, "digest": manifest.digest})
    summary = running.run_flow("provision", final)
    running.finish(summary, why=f"preactive batch show {summary.batch} --account {request.account}")


def _request(file: Path, account: str | None, tags: list[str] | None, batch: str | None, **rest: Any) -> Any:
    from pydantic import ValidationError

    from domain.errors import UsageError
    from domain.requests import ProvisionRequest
    from domain.words import plain_message
    from tasks import resources

    name, _ = resources.account(account)
    try:
        return ProvisionRequest(file=str(file), account=name, tags=tags or [], batch=batch, **rest)
    except ValidationError as error:
        wrong = "; ".join(f"{e['loc'][0]}: {plain_message(e)}" for e in error.errors(include_input=False))
        raise UsageError(f"The request is not usable: {wrong}.") from None


def _plan_json(manifest: "Manifest", made: "Plan", held: str) -> dict[str, Any]:
    from domain.plan import Action

    return manifest.numbers() | {
        "create": made.creates,
        "already": made.count(Action.ALREADY),
        "conflicts": made.count(Action.CONFLICT),
        "conflict_list": [
            {"iccid": change.iccid, "name": change.name, "endpoint_id": change.endpoint_id, "reason": change.reason}
            for change in made.changes
            if change.action is Action.CONFLICT
        ],
        "in_doubt": made.count(Action.IN_DOUBT),
        "to_tag": made.count(Action.TAG),
        "tags_to_write": made.retagged,
        "writes": made.writes,
        "left_of_batch": made.left,
        "other_names": len(made.other_names),
        "other_name_list": [
            {"iccid": change.iccid, "name": change.kept, "asked": change.name} for change in made.other_names
        ],
        "calls": made.calls,
        "seconds": round(made.seconds),
        "held": held,
        "note": made.note,
        "file_notes": manifest.notes,
        "rejects": [
            {"row": row.row_no, "column": p.column, "value": p.value, "code": str(p.code), "reason": p.reason}
            for row in manifest.rejected
            for p in row.problems
        ],
    }


def _show(manifest: "Manifest", made: "Plan") -> None:
    from domain.plan import Action

    print(f"Plan for {manifest.source_name}: {made.sentence()}.")
    for note in manifest.notes:
        print(f"  {note}")
    show_rejects(manifest)
    conflicts = [f"{change.iccid}: {change.reason}" for change in made.changes if change.action is Action.CONFLICT]
    _show_some(conflicts, "conflicts")
    _show_some([f"{change.iccid}: {change.other_name}" for change in made.other_names], "other names")


def _show_some(lines: list[str], what: str) -> None:
    for line in lines[:SHOWN]:
        print(f"  {line}")
    if len(lines) > SHOWN:
        print(f"  … and {len(lines) - SHOWN:,} more {what}; `preactive plan --json` lists all")
