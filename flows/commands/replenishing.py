"""intake and replenish."""

import asyncio
import json
from typing import Annotated

import typer

from flows.commands import running
from flows.commands.options import Account, File, Json, Tags, Yes


def intake(
    file: File,
    account: Account = None,
    tag: Tags = None,
    batch: Annotated[str | None, typer.Option("--batch", help="Batch name. Default: the file's name.")] = None,
    accept_rejects: Annotated[bool, typer.Option("--accept-rejects", help="Go on however many rows are bad.")] = False,
) -> None:
    """Take the SIMs of a file into raw stock. Nothing is created; `replenish` does that as stock is used up."""
    from domain.requests import ProvisionRequest
    from flows.embedded import find_server
    from tasks import resources

    find_server()  # the account's secrets may be kept there
    from tasks.replenish import take_in

    name, _ = resources.account(account)
    request = ProvisionRequest(
        file=str(file), account=name, tags=tag or [], batch=batch, accept_rejects=accept_rejects, dry_run=False
    )
    manifest, stored = asyncio.run(take_in(request))
    numbers = manifest.numbers()
    print(f"Batch {stored}: {numbers['accepted']:,} SIMs in raw stock, {numbers['rejected']:,} rows rejected.")
    if numbers["rejected"]:
        raise typer.Exit(3)


def replenish(account: Account = None, yes: Yes = False, as_json: Json = False) -> None:
    """Show stock against its marks, and create endpoints from raw SIMs where it is below."""
    from domain.replenish import ReplenishRequest
    from tasks import resources

    name, _ = resources.account(account)
    needs = resources.needs(name)
    for need in needs:
        print(json.dumps(_json(need)) if as_json else need.sentence())
    if any(need.create or need.level.coming for need in needs):
        running.begin_api()
        running.confirm("Apply?", yes=yes)
        needs = running.run_flow("replenish", ReplenishRequest(account=name, dry_run=False))  # type: ignore[assignment]
    if any(need.warning for need in needs):
        raise typer.Exit(3)


def _json(need: object) -> dict[str, object]:
    from domain.replenish import Need

    assert isinstance(need, Need)
    level = need.level
    return need.mark.model_dump() | {
        "free": level.free,
        "coming": level.coming,
        "raw": level.raw,
        "sold": level.sold,
        "create": need.create,
        "cover_days": need.cover_days,
        "raw_days": need.raw_days,
        "warning": need.warning,
    }
