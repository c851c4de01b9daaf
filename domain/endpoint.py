"""The mapping name / ICCID / endpoint id: what may be recorded, when, and what contradicts it.

Source: 004_604745bda73a7739.txt asks to store name, ICCID and endpoint id of every endpoint created.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from domain.lifecycle import Lifecycle, NetworkState

_MAX_ID = 64
_NO_ID = frozenset({"", "-", "null", "none", "0", ".", ".."})
_IN_NO_ID = frozenset("<>[]()`|\"'\\")  # they act in a page or a command, and ids are shown in both


@dataclass(frozen=True, slots=True)
class SimRecord:
    """What the platform says about one SIM."""

    iccid: str
    endpoint_id: str | None
    state: Lifecycle | None
    state_text: str = ""
    rivals: tuple[str, ...] = ()  # further endpoints shown for the same SIM; then nothing about it can be believed
    groups: frozenset[str] | None = None  # every name of its group; None when the platform does not show groups
    network_state: NetworkState | None = None
    tags: frozenset[str] | None = None  # None when the platform's row does not show tags

    def is_in(self, group: str) -> bool:
        """Whether the platform does not speak against the endpoint being in this group."""
        return not group or self.groups is None or group in self.groups


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement that this ICCID is this endpoint, made by an answer or a look-up."""

    iccid: str
    endpoint_id: str


def merged(first: SimRecord, second: SimRecord) -> SimRecord:
    """One record of two rows about the same SIM; two endpoints for it are rivals, and none is just older news."""
    if second.endpoint_id is None:
        return first
    if first.endpoint_id in (None, second.endpoint_id):
        return replace(second, rivals=first.rivals)
    return replace(first, rivals=(*first.rivals, second.endpoint_id))


def rivals_reason(sim: SimRecord) -> str:
    """What to tell a person about a SIM with rivals."""
    return f"the platform shows several endpoints for this SIM: {', '.join((sim.endpoint_id or '', *sim.rivals))}"


def usable_id(value: object) -> str | None:
    """An endpoint id as text, or None when the platform gave none.

    Ids stay text whatever JSON type they come in; a float is refused because it may have lost digits, and the dots
    because in an address they mean another place.
    """
    if isinstance(value, bool | float) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    is_id = text.lower() not in _NO_ID and len(text) <= _MAX_ID and text.isprintable() and _IN_NO_ID.isdisjoint(text)
    return text if is_id else None


def contradictions(claims: Iterable[Claim], *, id_of: Mapping[str, str], iccid_of: Mapping[str, str]) -> dict[str, str]:
    """ICCIDs whose claim must not be recorded, each with the reason.

    `id_of` and `iccid_of` are the mappings already recorded on the account. A mapping, once made, is never
    overwritten, and one endpoint id never stands for two ICCIDs.
    """
    bad: dict[str, str] = {}
    seen: dict[str, str] = {}
    ids: dict[str, str] = {}
    for claim in claims:
        recorded_id, recorded_iccid = id_of.get(claim.iccid), iccid_of.get(claim.endpoint_id)
        other = seen.setdefault(claim.endpoint_id, claim.iccid)
        first_id = ids.setdefault(claim.iccid, claim.endpoint_id)
        if recorded_id not in (None, claim.endpoint_id):
            bad[claim.iccid] = f"already recorded as endpoint {recorded_id}, now said to be {claim.endpoint_id}"
        elif recorded_iccid not in (None, claim.iccid):
            bad[claim.iccid] = f"endpoint {claim.endpoint_id} is already recorded for another ICCID"
        elif first_id != claim.endpoint_id:
            bad[claim.iccid] = f"said to be endpoint {first_id} and endpoint {claim.endpoint_id}"
        elif other != claim.iccid:
            bad[claim.iccid] = bad[other] = f"endpoint {claim.endpoint_id} was given for two ICCIDs"
    return bad
