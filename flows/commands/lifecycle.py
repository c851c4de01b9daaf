"""activate, assign, suspend, resume and terminate."""

import asyncio
import hashlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands import running
from flows.commands.options import Account, Limit, Yes
from flows.commands.printing import SHOWN, show_rejects

if TYPE_CHECKING:
    from domain.requests import SelectionRequest
    from domain.selection import Selected
    from domain.supplier import SupplierProfile

Tag = Annotated[str | None, typer.Option("--tag", help="Endpoints that carry this tag.")]
Iccids = Annotated[list[str] | None, typer.Option("--iccid", help="One ICCID; repeat for more.")]
ListFile = Annotated[Path | None, typer.Option("--file", help="A file of ICCIDs.")]
Group = Annotated[str | None, typer.Option("--group", help="Group to put them into.")]
Retry = Annotated[bool, typer.Option("--retry-refused", help="Also try again what the platform refused before.")]


def activate(
    account: Account = None,
    tag: Tag = None,
    group: Group = None,
    count: Annotated[
        int | None, typer.Option("--count", min=1, help="How many of the tag shall be active in the group in all.")
    ] = None,
    iccid: Iccids = None,
    file: ListFile = None,
    limit: Limit = None,
    retry_refused: Retry = False,
    yes: Yes = False,
) -> None:
    """Activate pre-active endpoints and put them into a group. The same command again changes nothing."""
    from domain.requests import ActivateRequest

    which = _which(account, tag, iccid, file, limit=limit, retry_refused=retry_refused)
    request = ActivateRequest(**which, group=group, count=count)
    _confirm(_show_plan(request), yes=yes)
    running.finish(running.run_flow("activate", request.model_copy(update={"dry_run": False})))


def assign(
    account: Account = None,
    tag: Tag = None,
    iccid: Iccids = None,
    file: ListFile = None,
    group: Group = None,
    limit: Limit = None,
    retry_refused: Retry = False,
    yes: Yes = False,
) -> None:
    """Put endpoints in service into a group."""
    _change("assign", _which(account, tag, iccid, file, limit=limit, retry_refused=retry_refused), yes, group=group)


def _command(action: str, words: str) -> Callable[..., None]:
    """A command that needs no more than to know which endpoints are meant."""

    def command(
        account: Account = None,
        tag: Tag = None,
        iccid: Iccids = None,
        file: ListFile = None,
        limit: Limit = None,
        retry_refused: Retry = False,
        yes: Yes = False,
    ) -> None:
        _change(action, _which(account, tag, iccid, file, limit=limit, retry_refused=retry_refused), yes)

    command.__name__, command.__doc__ = action, words
    return command


suspend = _command("suspend", "Take endpoints out of service for a time.")
resume = _command("resume", "Put suspended endpoints back into service.")


def terminate(
    account: Account = None,
    tag: Tag = None,
    iccid: Iccids = None,
    file: ListFile = None,
    limit: Limit = None,
    retry_refused: Retry = False,
    confirm_count: Annotated[
        int | None,
        typer.Option("--confirm-count", min=0, help="How many endpoints will be gone; else it is asked for."),
    ] = None,
) -> None:
    """End endpoints for good; their ICCIDs never return to stock. There is no --yes: the count must be named.

    More than the account's max_terminate are signed by two approvers, at a terminal.
    """
    from domain.selection import check_count
    from flows.commands.signing import sign_here
    from tasks.bound import by_command
    from tasks.signing import selection_to_sign

    request = _request("terminate", _which(account, tag, iccid, file, limit=limit, retry_refused=retry_refused))
    selected = _show_plan(request)
    running.begin_api()
    if confirm_count is None and selected.new + selected.open:
        confirm_count = _typed_count()
    check_count(selected, confirm_count, how="say --confirm-count {}")
    final = request.model_copy(update={"dry_run": False, "confirm_count": confirm_count})
    with by_command():
        sign_here(selection_to_sign(final))
        running.finish(running.run_flow("lifecycle", final))


def _typed_count() -> int | None:
    """The number that a person types, or None when nobody is there to type it."""
    if not sys.stdin.isatty():
        return None
    answer: str = typer.prompt("They will be gone for good. Type how many", default="", show_default=False, err=True)
    return int(answer) if answer.strip().isdecimal() else None


def _change(action: str, which: dict[str, Any], yes: bool, **more: Any) -> None:
    request = _request(action, which, **more)
    _confirm(_show_plan(request), yes=yes)
    running.finish(running.run_flow("lifecycle", request.model_copy(update={"dry_run": False})))


def _confirm(selected: "Selected", *, yes: bool) -> None:
    """Ask, unless nothing is left to be asked for."""
    if not yes and not selected.to_do:
        running.nothing_to_do(problems=selected.has_problems)
    running.begin_api()  # it starts while the plan is read
    running.confirm("Apply?", yes=yes)


def _request(action: str, which: dict[str, Any], **more: Any) -> Any:
    from domain.requests import Action, LifecycleRequest

    return LifecycleRequest(action=Action(action), **which, **more)


def _which(
    account: str | None, tag: str | None, iccids: list[str] | None, file: Path | None, **rest: Any
) -> dict[str, Any]:
    """What every request says about which endpoints are meant."""
    from domain.errors import UsageError
    from tasks import resources

    if iccids and file:
        raise UsageError("Say --iccid or --file, not both.")
    name, options = resources.account(account)
    _check_iccids(iccids or (), options.supplier)
    path = list_file(iccids) if iccids else file
    return {"account": name, "tag": tag, "file": str(path) if path else None, **rest}


def _check_iccids(iccids: Iterable[str], profile: "SupplierProfile") -> None:
    from domain.errors import UsageError
    from domain.iccid import check_iccid

    for text in iccids:
        found = check_iccid(text, profile)
        if found.iccid is None:
            raise UsageError(f"{text!r} is no ICCID: {found.reason}")


def list_file(iccids: list[str]) -> Path:
    """The ICCIDs as a file, since a run's parameters hold names and never lists."""
    from tasks.resources import private_folder

    folder = private_folder(Path("data/var/requests"))
    text = "iccid\n" + "\n".join(iccids) + "\n"
    path = folder / f"iccids-{hashlib.sha256(text.encode()).hexdigest()[:16]}.csv"
    path.write_text(text, encoding="utf-8")
    return path


def _show_plan(request: "SelectionRequest") -> "Selected":
    """Print what a request comes to, and what of its list cannot be used."""
    from tasks.planning import plan_change, read_list

    plan = asyncio.run(plan_change(request))
    selected = plan.selected
    print(f"Plan for {request.label} on {request.account}: {selected.sentence()}; {plan.calls}.")
    if plan.target is not None:
        print(f"  {plan.target.sentence()}")
    listed = read_list(request)
    if listed is not None:
        show_rejects(listed)
    for one in selected.left[:SHOWN]:
        print(f"  {one.iccid}: {one.reason}")
    if len(selected.left) > SHOWN:
        print(f"  … and {len(selected.left) - SHOWN:,} more; the report of the run lists all")
    return selected
