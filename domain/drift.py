"""What differs between the store and the platform. Looking changes nothing; what may follow is in domain/repair.py."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.endpoint import SimRecord
from domain.lifecycle import Lifecycle


class Drift(StrEnum):
    """On which side something is missing, or that both have something else."""

    STORE_ONLY = "store-only"
    PLATFORM_ONLY = "platform-only"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Held:
    """What the store has of an ICCID. `busy`: a change is under way or in doubt, or was made just now.

    `group_names` are the names and ids that stand for the group on the platform, `tags` those that were written there.
    """

    endpoint_id: str | None
    state: Lifecycle
    busy: bool = False
    group: str = ""
    group_names: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()

    @property
    def expected(self) -> str | None:
        """The endpoint id that the platform should show."""
        return None if self.state in (Lifecycle.STOCK, Lifecycle.TERMINATED) else self.endpoint_id


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """One ICCID of which store and platform say different things. `looked`: seen again by a look-up of its own."""

    drift: Drift
    iccid: str
    endpoint_id: str | None
    state: Lifecycle | None
    seen_id: str | None
    seen_state: Lifecycle | None
    reason: str
    looked: bool = False


def difference(iccid: str, held: Held | None, sim: SimRecord | None) -> Difference | None:
    """How store and platform differ about one ICCID, or None when they agree or it is too early to say.

    Two endpoints for one SIM agree with nothing.
    """
    if sim is not None and sim.rivals:
        shown = " and ".join((sim.endpoint_id or "", *sim.rivals))
        sim = SimRecord(iccid, shown, None, "shown twice")
    found = _drift(held, sim)
    if found is None:
        return None
    drift, reason = found
    return Difference(
        drift,
        iccid,
        endpoint_id=held.endpoint_id if held else None,
        state=held.state if held else None,
        seen_id=sim.endpoint_id if sim else None,
        seen_state=sim.state if sim else None,
        reason=reason,
    )


def _drift(held: Held | None, sim: SimRecord | None) -> tuple[Drift, str] | None:
    there = sim if sim is not None and sim.endpoint_id is not None and sim.state is not Lifecycle.TERMINATED else None
    if held is None:
        return (Drift.PLATFORM_ONLY, f"{_shown(there)} is not in the store") if there else None
    if held.busy:
        return None
    if there is None:
        return _absent(held, sim)
    if held.expected is None:
        return Drift.DIFFERENT, f"{held.state.value} here, and the platform shows {_shown(there)}"
    if there.endpoint_id != held.expected:
        return Drift.DIFFERENT, f"recorded as endpoint {held.expected}, and the platform shows {_shown(there)}"
    if there.state is not held.state:
        return Drift.DIFFERENT, f"{held.state.value} here, {there.state_text!r} on the platform"
    beside = [*_of_group(held, there), *_of_tags(held, there)]
    return (Drift.DIFFERENT, "; ".join(beside)) if beside else None


def _of_group(held: Held, there: SimRecord) -> Iterator[str]:
    """What differs of the group, where the store knows one and the platform's row shows one."""
    if held.group and there.groups and not held.group_names & there.groups:
        yield f"in group {held.group} here, in {' = '.join(sorted(there.groups))} on the platform"


def _of_tags(held: Held, there: SimRecord) -> Iterator[str]:
    """What is missing of the tags, where the platform's row shows tags. Others may have added theirs."""
    if there.tags is not None and (missing := held.tags - there.tags):
        yield f"the platform lacks {'the tag' if len(missing) == 1 else 'the tags'} {', '.join(sorted(missing))}"


def _absent(held: Held, sim: SimRecord | None) -> tuple[Drift, str] | None:
    if held.expected is not None:
        return Drift.STORE_ONLY, "the platform does not list this SIM" if sim is None else "the SIM has no endpoint"
    if sim is None and held.state is Lifecycle.STOCK:
        return Drift.STORE_ONLY, "the platform does not list this SIM"
    return None


def _shown(sim: SimRecord) -> str:
    return f"endpoint {sim.endpoint_id} in state {sim.state_text!r}"


def differences(held: Mapping[str, Held], seen: Mapping[str, SimRecord]) -> list[Difference]:
    """Every difference, sorted."""
    found = (difference(iccid, held.get(iccid), seen.get(iccid)) for iccid in held.keys() | seen.keys())
    return sorted((one for one in found if one is not None), key=lambda one: (one.drift, one.iccid))
