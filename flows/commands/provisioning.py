"""plan, provision and activate."""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands import running
from flows.commands.options import Account, File, Json, Limit, Tags, Yes

if TYPE_CHECKING:
    from domain.manifest import Manifest
    from domain.plan import Plan

Batch = Annotated[str | None, typer.Option("--batch", help="Batch name. Default: the file's name.")]
Template = Annotated[
    str | None, typer.Option("--name-template", help="Name for rows without one: {batch}, {row}, {iccid}.")
]
AcceptRejects = Annotated[bool, typer.Option("--accept-rejects", help="Go on however many rows are bad.")]
Sheet = Annotated[str | None, typer.Option("--sheet", help="Sheet of a workbook.")]


def plan(
    file: File,
    account: Account = None,
    tag: Tags = None,
    batch: Batch = None,
    sheet: Sheet = None,
    accept_rejects: AcceptRejects = True,
    check_platform: Annotated[bool, typer.Option("--check-platform", help="Also read the platform.")] = False,
    as_json: Json = False,
) -> None:
    """Read and check a file and show what provisioning it would do. Changes nothing."""
    from tasks.planning import plan_against_platform, plan_file

    request = _request(file, account, tag, batch, sheet=sheet, accept_rejects=accept_rejects)
    manifest, made = plan_against_platform(request) if check_platform else plan_file(request)
    if as_json:
        print(json.dumps(_plan_json(manifest, made)))
    else:
        _show(manifest, made)
    if manifest.numbers()["rejected"]:
        raise typer.Exit(3)


def provision(
    file: File,
    account: Account = None,
    tag: Tags = None,
    batch: Batch = None,
    name_template: Template = None,
    sheet: Sheet = None,
    accept_rejects: AcceptRejects = False,
    limit: Limit = None,
    yes: Yes = False,
) -> None:
    """Create a tagged, pre-active endpoint for each SIM in a file. The same file again goes on where it stopped."""
    from tasks.planning import hold_if_unsafe, plan_file

    request = _request(
        file, account, tag, batch, sheet=sheet, accept_rejects=accept_rejects, limit=limit, name_template=name_template
    )
    manifest, made = plan_file(request)
    hold_if_unsafe(request, manifest, made)
    running.begin_api()
    _show(manifest, made)
    running.confirm("Apply?", yes=yes)
    chosen = request.model_copy(update={"dry_run": False, "digest": manifest.digest})
    running.finish(running.run_flow("provision", chosen))


def activate(
    account: Account = None,
    tag: Annotated[str | None, typer.Option("--tag", help="Endpoints that carry this tag.")] = None,
    group: Annotated[str | None, typer.Option("--group", help="Group to put them into.")] = None,
    count: Annotated[
        int | None, typer.Option("--count", min=1, help="How many of the tag shall be active in the group in all.")
    ] = None,
    iccid: Annotated[list[str] | None, typer.Option("--iccid", help="One ICCID; repeat for more.")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="A file of ICCIDs.")] = None,
    limit: Limit = None,
    yes: Yes = False,
) -> None:
    """Activate pre-active endpoints and put them into a group. The same command again changes nothing."""
    from domain.errors import UsageError
    from domain.requests import ActivateRequest
    from tasks import resources
    from tasks.planning import plan_group, plan_selection

    if iccid and file:
        raise UsageError("Say --iccid or --file, not both.")
    path = _list_file(iccid) if iccid else file
    name, _ = resources.account(account)
    request = ActivateRequest(
        account=name, tag=tag, group=group, count=count, file=str(path) if path else None, limit=limit
    )
    selected = plan_selection(request)
    target = plan_group(request, selected)
    running.begin_api()
    print(f"Plan for {request.label} on {name}: {selected.sentence()}.")
    if target is not None:
        print(f"  {target.sentence()}")
    running.confirm("Apply?", yes=yes)
    running.finish(running.run_flow("activate", request.model_copy(update={"dry_run": False})))


def _request(file: Path, account: str | None, tags: list[str] | None, batch: str | None, **rest: Any) -> Any:
    from domain.requests import ProvisionRequest
    from tasks import resources

    name, _ = resources.account(account)
    return ProvisionRequest(file=str(file), account=name, tags=tags or [], batch=batch, **rest)


def _list_file(iccids: list[str]) -> Path:
    """The ICCIDs as a file, since a run's parameters hold names and never lists."""
    folder = Path("data/var/requests")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = "iccid\n" + "\n".join(iccids) + "\n"
    path = folder / f"iccids-{hashlib.sha256(text.encode()).hexdigest()[:16]}.csv"
    path.write_text(text, encoding="utf-8")
    return path


def _plan_json(manifest: "Manifest", made: "Plan") -> dict[str, Any]:
    from domain.plan import Action

    return manifest.numbers() | {
        "create": made.creates,
        "already": made.count(Action.ALREADY),
        "conflicts": made.count(Action.CONFLICT),
        "calls": made.calls,
        "seconds": round(made.seconds),
        "rejects": [
            {"row": row.row_no, "column": p.column, "value": p.value, "code": str(p.code), "reason": p.reason}
            for row in manifest.rejected
            for p in row.problems
        ],
    }


def _show(manifest: "Manifest", made: "Plan") -> None:
    print(f"Plan for {manifest.source_name}: {made.sentence()}.")
    rejected = list(manifest.rejected)
    for row in rejected[:20]:
        for problem in row.problems:
            print(f"  row {row.row_no}, {problem.column}, {problem.value!r}: {problem.reason}")
    if len(rejected) > 20:
        print(f"  … and {len(rejected) - 20:,} more; `preactive plan --json` lists all")
    conflicts = [change for change in made.changes if change.reason and not change.endpoint_id]
    for change in conflicts[:20]:
        print(f"  {change.iccid}: {change.reason}")
