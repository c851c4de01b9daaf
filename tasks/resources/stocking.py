"""Raw SIMs, and the marks that stock is kept between."""

from collections.abc import Sequence

from domain.approval import Bound
from domain.replenish import Need, need
from tasks.resources.session import Session, account, open_store


def needs(name: str) -> Sequence[Need]:
    """What each mark of the account would need now. Changes nothing."""
    from adapters.store import stocking

    name, options = account(name)
    store = open_store()
    found: list[Need] = []
    try:
        for mark in options.stock:
            most = options.max_change - sum(one.create for one in found)  # of all marks together
            found.append(need(mark, store.write(stocking.level, name, mark), most=most))
    finally:
        store.close()
    return found


async def plan_stock(session: Session, bound: Bound) -> Sequence[tuple[Need, int]]:
    """Plan what each mark of the account needs, within the bound of the run, each with the change for its creates."""
    from adapters.store import stocking

    tags = session.account.platform_tags
    return [
        await session.store.awrite(
            stocking.plan, session.name, mark, most=bound.allowed, platform_tags=tags, bound=bound
        )
        for mark in session.account.stock
    ]
