"""The same world with a Stacuity account in it: the same commands, another platform."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

from adapters.platforms.simulator.stacuity.config import TOKEN
from tests.flows.world import World

MONIKER = "fleet-main"


class Fleet(World):
    """A Stacuity account on which the tenant has put every SIM of the file, pending."""

    simulator: ClassVar[Mapping[str, Any]] = {
        "--platform": "stacuity",
        "--latency": 0.02,
        "--fixtures": "objects",
        "--claim-stock": 0,
    }
    own: ClassVar[Mapping[str, Any]] = {"platform": "stacuity", "token": TOKEN}
    group_target: ClassVar[Mapping[str, Any]] = {"endpoint_group": MONIKER}

    def committed(self, kind: str) -> Counter[str]:
        """How often this was truly done to each SIM."""
        return Counter(entry["iccid"] for entry in self.platform.ledger if entry["kind"] == kind)

    def check_mapping(self) -> None:
        """The store knows each SIM by the id that the platform shows."""
        truth = self.platform.endpoints
        assert self.mapping() == {iccid: truth[iccid]["endPointId"] for iccid in self.iccids}
