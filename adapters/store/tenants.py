"""The guard of an account's tenant, with what is pinned in the store."""

import asyncio

from adapters.store import account_pins
from adapters.store.store import Store
from domain.tenancy import Marks


class StoredTenant:
    """Implements domain.tenancy.Guard for one account."""

    def __init__(self, store: Store, account: str, now: Marks, beside: tuple[str, ...] = ()) -> None:
        self._store = store
        self._account = account
        self._now = now
        self._beside = beside

    async def confirm(self, tenant: str, secret: str = "") -> None:
        """See Guard."""
        credential = ""
        if secret and not (tenant and await self._has_tenant()):
            credential = await asyncio.to_thread(account_pins.slow_hash, self._account, secret)
        await self._store.awrite(
            account_pins.confirm, self._account, self._now, tenant, credential, beside=self._beside
        )

    async def _has_tenant(self) -> bool:
        pinned = await self._store.awrite(account_pins.pin_of, self._account)
        return pinned is not None and bool(pinned.tenant)
