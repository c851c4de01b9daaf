"""The store's upkeep, and the simulator."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from adapters import settings
from adapters.store import queries
from adapters.store.reading import Reader
from domain.errors import Refused, StoreDamaged
from domain.order_trail import ABOUT, CHAIN
from domain.trail import APPROVERS, SIGNED, Chain
from domain.trail import check as check_trail
from tasks.resources.session import open_store

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from adapters.store.rebuild import Rebuilt


def store_place() -> str:
    """The store's address without its password."""
    from adapters.store.engine import place

    return place(settings.load().store_url)


def upgrade_store(*, force: bool = False) -> str:
    """Bring the store to the program's version, and return that version.

    Raises Refused while processes work with an older store, unless forced.
    """
    from adapters.store.store import upgrade_store as upgrade

    return upgrade(settings.load().store_url, force=force)


def audit_store() -> str:
    """Compare what the store uses with its audit trail, and say what was compared.

    Raises StoreDamaged for what differs.
    """
    from adapters.store import audit

    platforms = {name: one.platform for name, one in settings.load().accounts.items()}
    with Reader(settings.load().store_url).open() as opened:
        found = audit.compare(opened, platforms)
    if not found.is_equal:
        raise StoreDamaged(
            f"The store differs from its audit trail: {found.sentence()}. End what works with the store, make it again "
            "from the trail with `preactive db rebuild` (docs/runbook.md), and compare that with `preactive reconcile`."
        )
    return found.coverage()


def check_store() -> list[str]:
    """What a check of the store found right.

    Raises StoreUnavailable.
    """
    from adapters.store.check import check

    store = open_store()
    try:
        found = [store_place(), *store.write(check)]
    finally:
        store.close()
    of_orders = order_trail(settings.load().store_url)
    chains = [_approvers(), *([of_orders] if of_orders.length or of_orders.broken else []), *trails()]
    return [*found, *map(_checked, chains)]


def _checked(chain: Chain) -> str:
    if chain.broken:
        raise StoreDamaged(f"The audit trail is broken: {chain.broken}; compare with a backup before you go on.")
    about = chain.account.lstrip("~")
    return f"audit trail of {about}: {chain.length:,} facts, unbroken, last link {chain.head[:16]}"


def _approvers() -> Chain:
    """The facts about approvers, gone through from the first to the last."""
    with Reader(settings.load().store_url).open() as opened, opened.snapshot():
        facts = queries.approver_facts(opened)
        return check_trail(APPROVERS, facts, **queries.chain(opened, APPROVERS), covered=SIGNED)


def order_trail(store_url: str) -> Chain:
    """The facts about orders that were taken back, gone through from the first to the last."""
    with Reader(store_url).open() as opened, opened.snapshot():
        facts = queries.order_facts(opened)
        return check_trail(CHAIN, facts, **queries.chain(opened, CHAIN), covered=ABOUT)


def trails(store_url: str | None = None) -> list[Chain]:
    """The audit trail of each account, gone through from its first fact to its last."""
    with Reader(store_url or settings.load().store_url).open() as opened:
        return [
            check_trail(
                row["account"],
                queries.facts(opened, row["account"], until=row["until"]),
                length=row["length"],
                head=row["head"],
            )
            for row in queries.chains(opened)
        ]


def rebuild_store(source: str, *, broken_too: bool) -> "list[Rebuilt]":
    """Make the store of the settings, which must be empty, from the audit trails of another store.

    Raises Refused when there is nothing to take, a trail is broken, or the store is not empty.
    """
    chains, of_orders = trails(source), order_trail(source)
    if not chains and not of_orders.length:
        raise Refused("The named store has no audit trail; nothing was changed.")
    broken = [chain.broken for chain in [*chains, of_orders] if chain.broken]
    if broken and not broken_too:
        raise Refused(f"The audit trail is broken: {broken[0]}; look into that first, or say --broken-too.")
    store = open_store()
    try:
        with Reader(source).open() as old:
            return store.write(_rebuild_all, old, chains)
    finally:
        store.close()


def _rebuild_all(connection: "Connection", old: Reader, chains: Sequence[Chain]) -> "list[Rebuilt]":
    from adapters.store import rebuild, taken_back

    rebuild.check_empty(connection)
    made = []
    for chain in chains:
        _, options = settings.account(chain.account)
        facts = partial(queries.facts, old, chain.account)
        made.append(rebuild.rebuild(connection, chain, facts, platform=options.platform, patience=options.patience))
    rebuild.take_over_pins(connection, old)
    taken_back.restore(connection, queries.order_facts(old), queries.chain(old, CHAIN))
    rebuild.renumber(connection)
    return made


def run_simulator(arguments: Sequence[str]) -> int:
    """Run the platform simulator until it is told to end, and return its exit code."""
    from adapters.platforms.simulator.__main__ import main

    return main(arguments)
