"""What every simulated account begins with. All names and numbers are INVENTED."""

from adapters.platforms.simulator.stacuity import rules, traffic
from adapters.platforms.simulator.stacuity.estate import DAY, Estate
from adapters.platforms.simulator.stacuity.model import (
    DETACHED,
    IDLE,
    SUSPENDED,
    TERMINATED,
    Endpoint,
    Group,
    Named,
    VSlice,
)
from adapters.platforms.simulator.stock import generate_iccids

_FIXTURE_SEED, _CLAIM_SEED = 7_000_001, 7_000_002
_ELSEWHERE_EVERY = 10
MAIN, SECOND = "fleet-main", "fleet-second"


def furnish(estate: Estate) -> None:
    """Make VSlices, policies and groups."""
    main = _vslice(estate, "vslice-main", ["10.0.0.0/16", "10.1.0.0/24"])
    alt = _vslice(estate, "vslice-alt", ["10.0.0.0/24"])
    _vslice(estate, "vslice-empty", [])
    for moniker in ("automatic", "europe-only"):
        _named(estate, estate.regional_policies, moniker)
    _named(estate, estate.operator_policies, "operators-default")
    routing = _named(estate, estate.routing_policies, "internet-main", main.id)
    elsewhere = _named(estate, estate.routing_policies, "internet-alt", alt.id)
    _named(estate, estate.routing_targets, "internet-out", main.id)
    primary = _group(estate, MAIN, main, routing=routing)
    _group(estate, SECOND, main, routing=routing)
    _group(estate, "fleet-alt", alt, routing=elsewhere, subnet="10.0.0.0/24")
    tied = _group(estate, "video-apn", main, routing=routing, kind="secondary", apn="video.flex")
    tied.primary = primary.id
    _group(estate, "meter-apn", main, routing=routing, kind="secondary", apn="meter.flex")
    primary.apn = "main.flex"
    _group(estate, "clash-apn", main, routing=routing, kind="secondary", apn="main.flex")
    _group(estate, "no-routing", main, routing=None)


def populate(estate: Estate) -> dict[str, Endpoint]:
    """Put an endpoint of every kind on the account, by what it shows."""
    iccids = iter(generate_iccids(20, _FIXTURE_SEED))
    kinds = (
        *("pending", "idle", "detached", "in session", "suspended", "terminated", "erased", "reference"),
        *("tag 1", "tag 2", "prefix 1", "prefix 2"),
    )
    found = {kind: estate.put(next(iccids), kind="allocate") for kind in kinds}
    main = estate.find(estate.groups, MAIN)
    for kind in ("idle", "detached", "in session", "suspended", "terminated", "erased"):
        rules.assign(estate, found[kind], main)
    traffic.set_network(estate, found["idle"], IDLE)
    traffic.set_network(estate, found["detached"], DETACHED)
    traffic.start_session(estate, found["in session"])
    rules.change_status(estate, found["suspended"], SUSPENDED)
    for kind, days in (("terminated", 10), ("erased", 100)):
        rules.change_status(estate, found[kind], TERMINATED)
        found[kind].terminated_at = estate.now - days * DAY
    found["reference"].reference = "meter-4711"
    for kind, tag in (("tag 1", "batch-0001"), ("tag 2", "batch-0001"), ("prefix 1", "batch-00010")):
        found[kind].tags = [tag]
    found["prefix 2"].tags = ["batch-00010", "area:north"]
    estate.erase_old()
    return found


def stock_for_claims(estate: Estate, count: int) -> None:
    """SIMs that can be claimed, each with its code; every tenth belongs to another account."""
    for nth, iccid in enumerate(generate_iccids(count, _CLAIM_SEED), start=1):
        estate.unclaimed[iccid] = (claim_code(iccid), nth % _ELSEWHERE_EVERY == 0)


def claim_code(iccid: str) -> str:
    """The activation code of a SIM in the stock for claims."""
    return f"AC-{iccid[-6:]}-{sum(map(int, iccid)) % 97:02d}"


def _vslice(estate: Estate, moniker: str, subnets: list[str]) -> VSlice:
    made = VSlice(estate.new_id("vslice"), moniker, moniker, subnets)
    estate.vslices[made.id] = made
    return made


def _named(estate: Estate, objects: dict[str, Named], moniker: str, vslice: str | None = None) -> Named:
    made = Named(estate.new_id("named"), moniker, moniker, vslice)
    objects[made.id] = made
    return made


def _group(
    estate: Estate,
    moniker: str,
    vslice: VSlice,
    *,
    routing: Named | None,
    kind: str = "primary",
    apn: str | None = None,
    subnet: str | None = None,
) -> Group:
    made = Group(
        id=estate.new_id("group"),
        moniker=moniker,
        name=moniker.replace("-", " ").capitalize(),
        vslice=vslice.id,
        subscription_type="integrated",
        kind=kind,
        regional_policy=next(iter(estate.regional_policies)),
        routing_policy=routing.id if routing else None,
        apn=apn,
        subnet=subnet,
    )
    estate.groups[made.id] = made
    return made
