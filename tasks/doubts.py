"""Looks up doubts, without sending anything again."""

import asyncio
from collections import defaultdict

from domain.ports import Scope
from tasks import resources


def look_up_all(account: str | None) -> int:
    """See `look_up_due`, outside of a run."""
    return asyncio.run(look_up_due(account))


async def look_up_due(account: str | None) -> int:
    """Ask the platform about every doubt that is due, and return how many there were."""
    changes: dict[str, set[int]] = defaultdict(set)
    for row in resources.unsettled(account):
        if row["state"] == "in_doubt":
            changes[row["account"]].add(row["change_id"])
    return sum([await _look_up(name, found) for name, found in changes.items()])


async def _look_up(name: str, changes: set[int]) -> int:
    async with resources.session(name) as session:
        await session.platform.login()
        return sum([await session.settler.settle_due(Scope(change)) for change in sorted(changes)])
