"""Brings stock up to its marks."""

import uuid
from collections.abc import Collection

from domain.approval import Bound
from domain.events import of_stock
from domain.manifest import Manifest
from domain.plan import check_rejects
from domain.replenish import Fill, ReplenishRequest, Taken
from domain.requests import ProvisionRequest
from domain.stock_mark import StockMark
from tasks import resources
from tasks.bound import run_key
from tasks.events import tell
from tasks.planning import filled, plan_file, wanted_of
from tasks.steps import step


@step("plan stock", "see what stock of {mark.tag} needs")
async def plan_fill(account: str, mark: StockMark, most: int, request: ReplenishRequest) -> Fill:
    """Plan the creates that a mark of the account needs, with the change that holds them."""
    session = resources.current(account)
    # Each account has a bound of its own, for all its marks together.
    run = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{run_key()} {session.name}"))
    bound = Bound(run, session.account.max_change)
    return await resources.plan_fill(session, mark, most=most, request=request, bound=bound)


@step("create from raw SIMs", "create and tag {first} to {last}")
async def create_from_raw(account: str, change: int, first: int, last: int) -> bool:
    """Send what is ready between two positions, and say whether the platform took it."""
    return await resources.create_from_raw(resources.current(account), change, first, last)


def tell_of_stock(account: str, *, used: Collection[str] = ()) -> None:
    """Let automations act where stock is below its mark now, and where raw SIMs of the tags that were used run out."""
    for event, about, facts in of_stock(account, resources.needs([account])[account], used):
        tell(event, about, facts)


async def take_in(request: ProvisionRequest) -> tuple[Manifest, Taken]:
    """Make the SIMs of a file raw stock, and return the checked file and what became of its SIMs.

    Raises FileRefused, TooManyRejects.
    """
    manifest, _ = plan_file(request)
    name, options = resources.account(request.account)
    known = resources.known(name, wanted_of(manifest), None)
    rejected = manifest.numbers()["rejected"]
    check_rejects(rejected, filled(manifest), options, accepted_by_person=request.accept_rejects)
    async with resources.session(request.account) as session:
        stored = await resources.store_manifest(session, manifest, request, into_stock=True)
    there = sum(bool(one.endpoint_id) for one in known.values())
    new = manifest.numbers()["accepted"] - len(known)
    return manifest, Taken(stored.name, new, there, len(known) - there, rejected)
