"""Looks at what is known of a platform's calls. Nothing here writes, and nothing here needs Prefect."""

import asyncio

from domain.contract import Check
from tasks import resources


def check_contract(account: str | None) -> list[Check]:
    """What reading the platform shows about its contract, and what a person has to verify.

    Raises LoginRefused, PlatformUnreachable.
    """
    name, _ = resources.account(account)
    return asyncio.run(_check(name))


async def _check(name: str) -> list[Check]:
    async with resources.session(name) as session:
        return await session.platform.check_contract()
