"""What the simulated platform keeps, as values that are replaced and never changed."""

from dataclasses import dataclass

READY = "Ready To Activate"
PRE_ACTIVE = "Pre-Active"
ACTIVE = "Active"
SUSPENDED = "Suspended"
HOLD = "Hold"  # of endpoints only: the SIM was taken away
ACTIVE_INVENTORY = "Active-Inventory"
ACTIVE_TEST = "Active-Test"
DELETED = "Deleted"
STATES = (PRE_ACTIVE, ACTIVE, SUSPENDED, HOLD, ACTIVE_INVENTORY, ACTIVE_TEST, DELETED)


@dataclass(frozen=True, slots=True)
class Sim:
    """One SIM card in the account's stock."""

    iccid: str
    number: int
    status: str = READY
    endpoint_id: str | None = None


@dataclass(frozen=True, slots=True)
class Addon:
    """One instance of an add-on plan on an endpoint."""

    unique_id: int
    plan_id: str
    since: float


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint; `default_activation` is kept as it was sent."""

    id: str
    name: str
    status: str
    plan_id: str
    roaming_profile_id: str
    apn_group_id: str
    iccid: str | None = None
    default_activation: str | None = None
    addons: tuple[Addon, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tag:
    """One label of the enterprise."""

    id: str
    name: str
    description: str = ""
