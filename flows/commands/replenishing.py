"""intake and replenish."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands import running
from flows.commands.options import Account, File, Json, Sheet, Supplier, Tags, Yes
from flows.commands.printing import show_rejects

if TYPE_CHECKING:
    from domain.replenish import Need


def intake(
    file: File,
    account: Account = None,
    tag: Tags = None,
    batch: Annotated[str | None, typer.Option("--batch", help="Batch name. Default: the file's name.")] = None,
    sheet: Sheet = None,
    supplier: Supplier = None,
    accept_rejects: Annotated[bool, typer.Option("--accept-rejects", help="Go on however many rows are bad.")] = False,
    as_json: Json = False,
) -> None:
    """Take the SIMs of a file into raw stock. Nothing is created; `replenish` does that as stock is used up."""
    from domain.requests import ProvisionRequest
    from flows.embedded import find_server
    from tasks import resources

    find_server()  # the account's secrets may be kept there
    from tasks.replenish import take_in

    name, _ = resources.account(account)
    chosen: dict[str, Any] = {"batch": batch, "accept_rejects": accept_rejects, "sheet": sheet, "supplier": supplier}
    request = ProvisionRequest(file=str(file), account=name, tags=tag or [], dry_run=False, **chosen)
    manifest, taken = asyncio.run(take_in(request))
    if as_json:
        print(json.dumps({"batch": taken.batch, **manifest.numbers(), **taken.json()}))
    else:
        print(taken.sentence())
        show_rejects(manifest)
    if manifest.numbers()["rejected"]:
        raise typer.Exit(3)


def replenish(
    account: Account = None,
    retry_refused: Annotated[
        bool, typer.Option("--retry-refused", help="Try SIMs that the platform refused before, ahead of raw ones.")
    ] = False,
    go_on: Annotated[
        bool, typer.Option("--go-on", help="Take more raw SIMs though the last ones were all refused.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Show stock against its marks, and create endpoints from raw SIMs where it is below."""
    from domain.replenish import ReplenishRequest, lines
    from tasks import resources

    name = resources.account(account)[0] if account else ""
    request = ReplenishRequest(account=name, dry_run=False, retry_refused=retry_refused, go_on=go_on)
    names = resources.stocked_accounts(name)
    stock = resources.needs(names, request)
    if not any(stock.values()):
        who = f"The account {name} has no" if name else "No account has"
        print(f"{who} marks of stock in the settings; see docs/settings.md.", file=sys.stderr)
    for line in _json(stock) if as_json else lines(stock):
        print(line)
    code = 0
    wanted = any(need.create or need.level.coming for needs in stock.values() for need in needs)
    if wanted and (yes or not as_json):
        running.begin_api()
        running.confirm("Apply?", yes=yes)
        summary = running.run_flow("replenish", request)
        code, stock = summary.exit_code, resources.needs(names)
        for line in [] if as_json else lines(stock, only_trouble=True):
            print(line)
        running.show(summary)
    troubled = any(need.has_trouble for needs in stock.values() for need in needs)
    raise typer.Exit(code or (3 if troubled else 0))


def _json(stock: "Mapping[str, Sequence[Need]]") -> list[str]:
    return [json.dumps({"account": name} | _fields(need)) for name, needs in stock.items() for need in needs]


def _fields(need: "Need") -> dict[str, object]:
    level = need.level
    return need.mark.model_dump() | {
        "free": level.free,
        "coming": level.coming,
        "raw": level.raw,
        "refused": level.refused,
        "sold": level.sold,
        "create": need.create,
        "cover_days": need.cover_days,
        "raw_days": need.raw_days,
        "held": need.held,
        "warning": need.warning,
    }
