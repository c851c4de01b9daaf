"""Raw SIMs, and the marks that stock is kept between."""

from collections.abc import Sequence

from domain.replenish import Need, need
from tasks.resources.session import Session, account, open_store


def needs(name: str) -> Sequence[Need]:
    """What each mark of the account would need now. Changes nothing."""
    from adapters.store import stocking

    name, options = account(name)
    store = open_store()
    try:
        return [need(mark, store.write(stocking.level, name, mark), most=options.max_change) for mark in options.stock]
    finally:
        store.close()


async def plan_stock(session: Session) -> Sequence[tuple[Need, int]]:
    """Plan what each mark of the account needs, each with the change that holds its creates."""
    from adapters.store import stocking

    tags = session.account.platform_tags
    return [
        await session.store.awrite(
            stocking.plan, session.name, mark, most=session.account.max_change, platform_tags=tags
        )
        for mark in session.account.stock
    ]
