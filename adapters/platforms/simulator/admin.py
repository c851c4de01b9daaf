"""The admin door under /_sim/: look at the truth and change the plan. It has no login, hence loopback only."""

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter

from adapters.platforms.simulator.config import SimulatorConfig
from adapters.platforms.simulator.engine import PARTS, Engine
from adapters.platforms.simulator.fault_profiles import PROFILES
from adapters.platforms.simulator.faults import FaultRule
from adapters.platforms.simulator.model import ACTIVE, DELETED, STATES, Endpoint
from adapters.platforms.simulator.stock import distinct, generate_iccids, is_iccid

PREFIX = "/_sim"
LONGEST_SKIP = 31_536_000.0
_RULES = TypeAdapter(tuple[FaultRule, ...])


class AdminDoor:
    """Answers every request under /_sim."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._doors: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "/ledger"): self._ledger,
            ("GET", "/stats"): self._stats,
            ("GET", "/calls-by-second"): self._calls_by_second,
            ("GET", "/journal"): self._journal,
            ("GET", "/endpoints"): self._endpoints,
            ("GET", "/faults"): self._faults,
            ("POST", "/faults"): self._set_faults,
            ("POST", "/settings"): self._change_settings,
            ("POST", "/stock"): self._add_stock,
            ("POST", "/drift"): self._drift,
            ("POST", "/swap"): self._swap,
            ("POST", "/subscribe"): self._subscribe,
            ("POST", "/skip"): self._skip,
            ("POST", "/reset"): self._reset,
        }

    async def handle(self, request: web.BaseRequest, path: str) -> web.Response:
        """Answer one request; a bad one gets 400 with the reason."""
        door = self._doors.get((request.method, path))
        if door is None:
            return _json({"error": "no such door", "doors": [" ".join(key) for key in self._doors]}, 404)
        body = await request.read()
        try:
            return _json(door(json.loads(body) if body else {}))
        except KeyError as error:
            return _json({"error": f"missing or not known: {error}"}, 400)
        except (ValueError, TypeError, AttributeError) as error:
            return _json({"error": str(error)}, 400)

    def _ledger(self, _body: Any) -> Any:
        return [entry.as_json() for entry in self._engine.ledger.entries]

    def _stats(self, _body: Any) -> Any:
        engine = self._engine
        return {**engine.stats.as_json(), "writes_total": len(engine.ledger.entries), "seed": engine.config.seed}

    def _calls_by_second(self, _body: Any) -> Any:
        return {str(second): count for second, count in sorted(self._engine.stats.by_second.items())}

    def _journal(self, _body: Any) -> Any:
        return self._engine.journal.entries()

    def _endpoints(self, _body: Any) -> Any:
        return [_as_json(endpoint) for endpoint in self._engine.world.endpoints.values()]

    def _faults(self, _body: Any) -> Any:
        return self._engine.faults.as_json()

    def _set_faults(self, body: Any) -> Any:
        """Take a list of rules, or `{"profile": name}`."""
        rules = _profile(body.get("profile")) if isinstance(body, dict) else body
        self._engine.set_faults(_RULES.validate_python(rules))
        return self._engine.faults.as_json()

    def _change_settings(self, body: Any) -> Any:
        self._engine.change_settings(body)
        return _readable(self._engine.config)

    def _add_stock(self, body: Any) -> Any:
        """Take a list of ICCIDs, `{"iccids": [...]}` or `{"count": n}`."""
        iccids = body if isinstance(body, list) else body.get("iccids", [])
        bad = [iccid for iccid in iccids if not isinstance(iccid, str) or not is_iccid(iccid)]
        if bad:
            raise ValueError(f"not an ICCID: {bad[0]!r}")
        count = 0 if isinstance(body, list) else int(body.get("count", 0))
        return {"added": self._engine.world.add_stock(distinct(iccids, self._next_iccids(count)))}

    def _next_iccids(self, count: int) -> list[str]:
        """Go on with the seed's sequence after the SIMs that are in stock already."""
        known = self._engine.world.sims
        sequence = generate_iccids(len(known) + count, self._engine.config.seed) if count else []
        return [iccid for iccid in sequence if iccid not in known][:count]

    def _drift(self, body: Any) -> Any:
        """Move an endpoint behind everybody's back to `status`; `Deleted` makes it vanish and frees its SIM."""
        world, status = self._engine.world, body.get("status")
        endpoint = world.endpoints.get(str(body.get("endPointId")))
        if endpoint is None or status not in STATES:
            raise ValueError(
                f"drift wants the endPointId of an endpoint and one of these as status: {', '.join(STATES)}"
            )
        if status == DELETED:
            world.delete(world.delink(endpoint) if endpoint.iccid else endpoint)
            return {"endPointId": endpoint.id, "status": DELETED}
        return _as_json(world.change_status(endpoint, status, kind="drift"))

    def _swap(self, body: Any) -> Any:
        """Put the free SIM `iccid` on the endpoint `endPointId`, as people do in the portal."""
        world, iccid = self._engine.world, str(body.get("iccid"))
        sim = world.sims.get(iccid)
        if sim is None or sim.endpoint_id is not None:
            raise ValueError("swap wants the ICCID of a SIM in stock that holds no endpoint")
        return _as_json(world.swap(world.endpoints[str(body.get("endPointId"))], iccid))

    def _subscribe(self, body: Any) -> Any:
        """Put the endpoint `endPointId` into service with the add-on `planId`, as people do in the portal."""
        world = self._engine.world
        endpoint = world.endpoints[str(body.get("endPointId"))]
        if endpoint.status != ACTIVE:
            endpoint = world.change_status(endpoint, ACTIVE, kind="drift")
        return _as_json(world.subscribe_addon(endpoint, str(body["planId"]))[0])

    def _skip(self, body: Any) -> Any:
        """Let `{"seconds": n}` pass at once."""
        seconds = float(body.get("seconds", 0))
        if not 0 <= seconds <= LONGEST_SKIP:
            raise ValueError(f"skip wants 0 to {LONGEST_SKIP:g} seconds")
        self._engine.skip(seconds)
        return {"now": self._engine.clock.wall()}

    def _reset(self, body: Any) -> Any:
        """Reset everything, or the parts listed in `only`."""
        parts = tuple(body.get("only", PARTS))
        if unknown := set(parts) - set(PARTS):
            raise ValueError(f"no such part: {', '.join(sorted(unknown))}; parts are {', '.join(PARTS)}")
        self._engine.reset(parts)
        return {"reset": list(parts)}


def _profile(name: Any) -> Any:
    """Return a named profile; unlike the command line, the door opens no files."""
    if name not in PROFILES:
        raise ValueError(f"no such profile: {name!r}; profiles are {', '.join(PROFILES)}")
    return PROFILES[name]


def _as_json(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "endPointId": endpoint.id,
        "iccid": endpoint.iccid,
        "name": endpoint.name,
        "status": endpoint.status,
        "planId": endpoint.plan_id,
        "tags": list(endpoint.tags),
        "addons": [{"uniqueId": addon.unique_id, "planId": addon.plan_id} for addon in endpoint.addons],
        "isDefaultActivation": endpoint.default_activation,
    }


def _readable(config: SimulatorConfig) -> Any:
    return config.model_dump(mode="json", exclude={"faults", "password", "reseller_password"})


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=json.dumps(value).encode(), status=status, content_type="application/json")
