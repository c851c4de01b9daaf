"""What happens to SIMs of SIM for Things behind the back of a call that is about them."""

from collections.abc import Callable

from adapters.platforms.simulator.engine import Engine
from adapters.platforms.simulator.model import ACTIVE, SUSPENDED, Endpoint
from adapters.platforms.simulator.sft.context import Call


def undoing(engine: Engine, call: Call) -> Callable[[], None]:
    """What takes back a call that is about to be made: a new endpoint vanishes, an old one has its state again."""
    named = engine.iccids_of(call)
    before: dict[str | None, Endpoint] = {
        one.iccid: one for one in engine.world.endpoints.values() if one.iccid in named
    }

    def undo() -> None:
        for endpoint in [one for one in engine.world.endpoints.values() if one.iccid in named]:
            earlier = before.get(endpoint.iccid)
            if earlier is None or earlier.id != endpoint.id:
                _deleted(engine, "", endpoint)
            else:
                engine.world.change_status(endpoint, earlier.status, kind="drift")

    return undo


def act(engine: Engine, call: Call, form: str) -> None:
    """Let somebody else do something to each SIM that the call names."""
    for iccid in engine.iccids_of(call):
        sim = engine.world.sims.get(iccid)
        if sim is not None:
            _ACTS[form](engine, iccid, engine.world.endpoints.get(sim.endpoint_id) if sim.endpoint_id else None)


def _made(engine: Engine, iccid: str, endpoint: Endpoint | None) -> None:
    if endpoint is None:
        engine.world.create_endpoint(
            name="somebody else's",
            status=ACTIVE,
            iccid=iccid,
            roaming_profile_id="1234",
            apn_group_id="PDP_1",
            plan_id="123456",
        )


def _moved(engine: Engine, endpoint: Endpoint | None, status: str) -> None:
    if endpoint is not None and endpoint.status != status:
        engine.world.change_status(endpoint, status, kind="drift")


def _deleted(engine: Engine, _iccid: str, endpoint: Endpoint | None) -> None:
    if endpoint is not None:
        engine.world.delete(engine.world.delink(endpoint) if endpoint.iccid else endpoint)


_ACTS: dict[str, Callable[[Engine, str, Endpoint | None], None]] = {
    "create": _made,
    "activate": lambda engine, _iccid, endpoint: _moved(engine, endpoint, ACTIVE),
    "suspend": lambda engine, _iccid, endpoint: _moved(engine, endpoint, SUSPENDED),
    "delete": _deleted,
}
