"""What happens to SIMs of a Stacuity account behind the back of a call that is about them."""

from collections.abc import Callable
from dataclasses import replace

from adapters.platforms.simulator.stacuity import rules
from adapters.platforms.simulator.stacuity.context import Call
from adapters.platforms.simulator.stacuity.engine import StacuityEngine
from adapters.platforms.simulator.stacuity.estate import Estate
from adapters.platforms.simulator.stacuity.model import ACTIVE, PENDING, SUSPENDED, TERMINATED, Endpoint


def undoing(engine: StacuityEngine, call: Call) -> Callable[[], None]:
    """What takes back a call that is about to be made: a new endpoint is gone, an old one is as it was before."""
    estate, iccids = engine.world, engine.iccids_of(call.keys, call.body)
    before = {one.iccid: replace(one) for one in engine.subjects(call)}

    def undo() -> None:
        for iccid in iccids:
            endpoint = estate.with_iccid(iccid)
            if endpoint is not None and iccid not in before:
                estate.erase(endpoint)
            elif endpoint is not None:
                _put_back(estate, endpoint, before[iccid])

    return undo


def _put_back(estate: Estate, endpoint: Endpoint, before: Endpoint) -> None:
    endpoint.name, endpoint.reference, endpoint.tags = before.name, before.reference, before.tags
    if before.group is not None and before.group != endpoint.group:
        estate.join(endpoint, estate.groups[before.group])
    if before.status != endpoint.status:
        rules.move(estate, endpoint, before.status, kind="drift")


def act(engine: StacuityEngine, call: Call, form: str) -> None:
    """Let somebody else do something to each SIM that the call names."""
    for iccid in engine.iccids_of(call.keys, call.body):
        endpoint = engine.world.with_iccid(iccid)
        if endpoint is None:
            _claimed_elsewhere(engine.world, iccid, form)
        elif form in _ACTS:
            _ACTS[form](engine.world, endpoint)


def _claimed_elsewhere(estate: Estate, iccid: str, form: str) -> None:
    if form == "create" and iccid in estate.unclaimed:
        estate.unclaimed[iccid] = (estate.unclaimed[iccid][0], True)


def _activated(estate: Estate, endpoint: Endpoint) -> None:
    """Somebody else puts it into a group of his own choice."""
    others = [one for one in estate.groups.values() if one.kind == "primary" and one.routing_policy is not None]
    if endpoint.status == PENDING:
        rules.assign(estate, endpoint, others[-1])
    elif endpoint.status == SUSPENDED:
        rules.move(estate, endpoint, ACTIVE, kind="drift")


def _suspended(estate: Estate, endpoint: Endpoint) -> None:
    _activated(estate, endpoint)
    if endpoint.status == ACTIVE:
        rules.move(estate, endpoint, SUSPENDED, kind="drift")


def _ended(estate: Estate, endpoint: Endpoint) -> None:
    if endpoint.status != TERMINATED:
        rules.move(estate, endpoint, TERMINATED, kind="drift")


_ACTS: dict[str, Callable[[Estate, Endpoint], None]] = {
    "activate": _activated,
    "suspend": _suspended,
    "delete": _ended,
}
