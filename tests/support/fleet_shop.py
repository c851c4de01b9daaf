"""A shop on a Stacuity account: SIMs that the tenant allocated, groups of the platform, the program's own settings."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from adapters import settings
from adapters.platforms.simulator import StacuityConfig, StacuitySimulator
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.model import Group
from domain.order import Order, SellRequest
from tests.support.shop import make_pre_active
from tests.support.stacuity import FAST, TOKEN

FLEET = "fleet"
SETTINGS = """
store_url = "{store_url}"
reports_dir = "{folder}/reports"
default_account = "fleet"
[accounts.fleet]
platform = "stacuity"
base_url = "{base_url}"
token = "{token}"
rate_per_second = 5000
max_in_flight = 16
max_change = 1000
deadline_seconds = 5
read_deadline_seconds = 5
settle_seconds = 0.5
"""


class FleetShop:
    """One simulator, one store, and pre-active endpoints with the tag `spring`."""

    def __init__(self, simulator: StacuitySimulator, store_url: str) -> None:
        self.simulator = simulator
        self.store_url = store_url
        self.iccids = [one.iccid for one in list(simulator.estate.endpoints.values())[: simulator.config.stock]]

    @property
    def estate(self) -> Estate:
        """The account's true state."""
        return self.simulator.estate

    def order(self, order: str = "A-1", **fields: Any) -> SellRequest:
        return SellRequest(**({"order": order, "account": FLEET, "tag": "spring", "group": "fleet-main"} | fields))

    def group(self, moniker: str = "fleet-main") -> Group:
        return self.estate.find(self.estate.groups, moniker)

    def subnet(self, group: str, subnet: str) -> None:
        """Give a group a subnet of its own."""
        found = self.group(group)
        self.estate.vslices[found.vslice].subnets.append(subnet)
        found.subnet = subnet

    def swap(self, first: str = "fleet-main", second: str = "fleet-second") -> None:
        """Somebody gives two groups each other's names."""
        one, other = self.group(first), self.group(second)
        one.moniker, other.moniker = other.moniker, one.moniker

    def members(self, group: str = "fleet-main") -> set[str]:
        """The SIMs that are in a group."""
        its_id = self.group(group).id
        return {one.iccid for one in self.estate.endpoints.values() if one.group == its_id}

    def requests(self, *names: str) -> int:
        """How many requests of these operations came, or of all."""
        counts = self.simulator.account.stats.requests
        return sum(count for route, count in counts.items() if not names or route in names)

    def faults(self, *rules: dict[str, Any]) -> None:
        """Let the platform go wrong from now on; the calls are numbered anew."""
        self.simulator.account.set_faults(StacuityConfig.model_validate({"faults": rules}).faults)


def states(orders: Iterable[Order]) -> list[str]:
    """Where the orders stand, in their order."""
    return [order.state.value for order in orders]


@asynccontextmanager
async def open_fleet_shop(folder: Path, store_url: str, *, sims: int, **knobs: Any) -> AsyncIterator[FleetShop]:
    """A shop with so many SIMs; PREACTIVE_CONFIG must name `preactive.toml` in the folder."""
    here = {**FAST, "stock": sims, "fixtures": "objects", "claim_stock": 0, **knobs}
    simulator = StacuitySimulator(StacuityConfig.model_validate(here))
    await simulator.start()
    text = SETTINGS.format(store_url=store_url, base_url=simulator.base_url, token=TOKEN, folder=folder)
    (folder / "preactive.toml").write_text(text)
    settings.load.cache_clear()
    shop = FleetShop(simulator, store_url)
    try:
        await make_pre_active(store_url, shop.iccids, FLEET)
        yield shop
    finally:
        settings.load.cache_clear()
        await simulator.stop()
