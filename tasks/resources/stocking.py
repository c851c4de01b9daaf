"""Raw SIMs, and the marks that stock is kept between."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from adapters import settings
from domain.approval import Bound
from domain.ports import Scope
from domain.replenish import Fill, Need, ReplenishRequest, need
from domain.stock_mark import StockMark, by_tag
from domain.until_refused import UntilRefused
from tasks.resources.accounts import check_pinned
from tasks.resources.session import Session, account, open_store, plain_account

if TYPE_CHECKING:
    from adapters.store.store import Store


def stocked_accounts(name: str) -> list[str]:
    """The account of this name, or every account that has marks of stock."""
    return (
        [plain_account(name)[0]]
        if name
        else sorted(each for each, options in settings.load().accounts.items() if options.stock)
    )


def needs(names: Sequence[str], request: ReplenishRequest | None = None) -> dict[str, list[Need]]:
    """What each mark of these accounts would need now. Changes nothing."""
    store = open_store()
    try:
        return {name: _needs(store, name, request) for name in names}
    finally:
        store.close()


def _needs(store: "Store", name: str, request: ReplenishRequest | None) -> list[Need]:
    from adapters.store import stocking

    _, options = account(name)
    check_pinned(name, options)
    left, found = options.max_change, []
    for mark in by_tag(options.stock):
        found.append(need(mark, store.read(stocking.level, name, mark), most=left, **_asked(request)))
        left -= found[-1].create
    return found


async def plan_fill(
    session: Session, mark: StockMark, *, most: int, request: ReplenishRequest | None = None, bound: Bound | None = None
) -> Fill:
    """Plan what a mark needs, at most so many creates, and no more than the bound leaves the run."""
    from adapters.store import stocking

    options, asked = session.account, _asked(request)
    of_mark = {"most": most, "platform": options.platform, **asked}
    found = await session.store.survey(stocking.without_plan, session.name, mark, **of_mark)
    if found is not None:
        return found
    return await session.store.awrite(
        stocking.plan, session.name, mark, bound=bound, platform_tags=options.platform_tags, **of_mark
    )


def _asked(request: ReplenishRequest | None) -> dict[str, bool]:
    return {} if request is None else {"retry_refused": request.retry_refused, "go_on": request.go_on}


async def create_from_raw(session: Session, change: int, first: int, last: int) -> bool:
    """Send what is ready between two positions, until the platform refused one SIM after the other.

    Then what was not begun is raw stock again, and the answer is False.
    """
    from adapters.store import rawstock

    steps = UntilRefused(session.ledger)
    await session.executor(steps).run(Scope(change, first - 1, last - 1))
    if steps.is_over:
        await session.store.awrite(rawstock.give_back, change)
    return not steps.is_over


def marks_of(session: Session) -> list[StockMark]:
    """The marks of an account, one for each tag."""
    return by_tag(session.account.stock)
