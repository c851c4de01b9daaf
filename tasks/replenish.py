"""Brings stock up to its marks."""

from collections.abc import Sequence

from domain.approval import Bound
from domain.manifest import Manifest
from domain.plan import check_rejects
from domain.replenish import Need
from domain.requests import ProvisionRequest
from tasks import resources
from tasks.bound import run_key
from tasks.planning import plan_file
from tasks.steps import step


@step("plan stock", "see what stock needs")
async def plan_stock(account: str) -> Sequence[tuple[Need, int]]:
    """Plan the creates that the marks of the account need, each with the change that holds them."""
    session = resources.current(account)
    return await resources.plan_stock(session, Bound(run_key(), session.account.max_change))


async def take_in(request: ProvisionRequest) -> tuple[Manifest, str]:
    """Make the SIMs of a file raw stock, and return the checked file and the batch's name.

    Raises FileRefused, TooManyRejects.
    """
    manifest, _ = plan_file(request)
    _, options = resources.account(request.account)
    numbers = manifest.numbers()
    filled = numbers["rows"] - numbers["blank"]
    check_rejects(numbers["rejected"], filled, options, accepted_by_person=request.accept_rejects)
    async with resources.session(request.account) as session:
        stored = await resources.store_manifest(session, manifest, request, into_stock=True)
    return manifest, stored.name
