"""The admin door under /_sim/ of a Stacuity account: look at the truth, and let things happen."""

from typing import Any, cast

from adapters.platforms.simulator.admin import AdminDoor
from adapters.platforms.simulator.engine import Engine
from adapters.platforms.simulator.stacuity import rules, shapes, traffic
from adapters.platforms.simulator.stacuity.config import StacuityConfig
from adapters.platforms.simulator.stacuity.engine import StacuityEngine
from adapters.platforms.simulator.stacuity.model import NETWORK, PENDING, STATUSES, TERMINATED, Endpoint
from adapters.platforms.simulator.stacuity.profiles import settings_of
from adapters.platforms.simulator.stock import generate_iccids, is_iccid

_STATUS_OF = {word: status for status, word in STATUSES.items()}
_NETWORK_OF = {word: status for status, word in NETWORK.items()}


class StacuityAdminDoor(AdminDoor):
    """Answers every request under /_sim. What both platforms have is answered as for the other one."""

    def __init__(self, engine: StacuityEngine) -> None:
        super().__init__(cast(Engine, engine))
        self._account = engine
        for other in ("/settings", "/subscribe"):  # knobs and add-ons of the other platform
            del self._doors["POST", other]
        self._doors |= {
            ("GET", "/endpoints"): self._truth,
            ("GET", "/groups"): self._groups,
            ("GET", "/events"): self._events,
            ("POST", "/faults"): self._choose,
            ("POST", "/reset"): self._reset_account,
            ("POST", "/stock"): self._allocate,
            ("POST", "/clock"): self._advance,
            ("POST", "/session"): self._session,
            ("POST", "/network"): self._network,
            ("POST", "/place"): self._place,
            ("POST", "/drift"): self._drift_status,
            ("POST", "/swap"): self._swap_sim,
            ("POST", "/unassign"): self._unassign,
            ("POST", "/webhook-test"): self._test_webhook,
        }

    def _truth(self, _body: Any) -> Any:
        return [self._as_truth(one) for one in self._account.world.endpoints.values()]

    def _as_truth(self, one: Endpoint) -> Any:
        group = self._account.world.groups.get(one.group or "")
        return {
            "endPointId": one.id,
            "iccid": one.iccid,
            "name": one.name,
            "reference": one.reference,
            "status": STATUSES[one.status],
            "network": NETWORK[one.network],
            "tags": list(one.tags),
            "group": group.moniker if group else None,
        }

    def _groups(self, _body: Any) -> Any:
        return [shapes.group(self._account.world, one) for one in self._account.world.groups.values()]

    def _events(self, _body: Any) -> Any:
        return [shapes.event(one) for one in self._account.world.events]

    def _choose(self, body: Any) -> Any:
        """Take a list of rules, or `{"profile": name}`; unlike the command line, the door opens no files."""
        if isinstance(body, list):
            self._account.set_faults(StacuityConfig.model_validate({"faults": body}).faults)
        else:
            chosen = StacuityConfig.model_validate(settings_of(str(body.get("profile"))))
            self._account.set_faults(chosen.faults, chosen.behaviours)
        return self._account.faults.as_json()

    def _reset_account(self, _body: Any) -> Any:
        """Load the fixtures anew."""
        self._account.begin_again()
        return {"endpoints": len(self._account.world.endpoints)}

    def _allocate(self, body: Any) -> Any:
        """Put SIMs on the account as its tenant does: a list of ICCIDs, or `{"count": n}`."""
        estate = self._account.world
        wanted = body if isinstance(body, list) else generate_iccids(int(body["count"]), self._account.config.seed)
        if bad := [iccid for iccid in wanted if not isinstance(iccid, str) or not is_iccid(iccid)]:
            raise ValueError(f"not an ICCID: {bad[0]!r}")
        new = [iccid for iccid in wanted if estate.with_iccid(iccid) is None]
        for iccid in new:
            rules.arrive(estate, iccid, kind="allocate")
        return {"added": len(new)}

    def _advance(self, body: Any) -> Any:
        self._account.advance(float(body["seconds"]))
        return {"now": self._account.clock.wall()}

    def _session(self, body: Any) -> Any:
        """Start or end a session: `{"iccid", "start": true}`."""
        endpoint = self._endpoint(body)
        act = traffic.start_session if body.get("start", True) else traffic.end_session
        act(self._account.world, endpoint)
        return self._as_truth(endpoint)

    def _network(self, body: Any) -> Any:
        endpoint = self._endpoint(body)
        traffic.report_network(self._account.world, endpoint, _NETWORK_OF[body["status"]])
        return self._as_truth(endpoint)

    def _place(self, body: Any) -> Any:
        """Let a device be seen elsewhere: `{"iccid"}` with `operator`, `country`, `lat` and `lon`."""
        endpoint = self._endpoint(body)
        position = (float(body["lat"]), float(body["lon"])) if "lat" in body else None
        operator, country = body.get("operator"), body.get("country")
        traffic.report_place(self._account.world, endpoint, operator=operator, country=country, position=position)
        return self._as_truth(endpoint)

    def _drift_status(self, body: Any) -> Any:
        """Move an endpoint behind everybody's back, as support or another user does."""
        endpoint, status = self._endpoint(body), _STATUS_OF[body["status"]]
        is_back = endpoint.status == TERMINATED and status == PENDING
        rules.move(self._account.world, endpoint, status, kind="reinstate" if is_back else "drift")
        return self._as_truth(endpoint)

    def _swap_sim(self, body: Any) -> Any:
        """Put the SIM `other` on the endpoint of `iccid`, as people do in the portal."""
        endpoint, other = self._endpoint(body), str(body.get("other"))
        if not is_iccid(other) or self._account.world.with_iccid(other) is not None:
            raise ValueError("swap wants as `other` an ICCID that is not on the account")
        self._account.world.swap(endpoint, other)
        return self._as_truth(endpoint)

    def _unassign(self, body: Any) -> Any:
        endpoint = self._endpoint(body)
        rules.set_free(self._account.world, endpoint, kind="unassign")
        return self._as_truth(endpoint)

    def _test_webhook(self, body: Any) -> Any:
        estate = self._account.world
        self._account.webhooks.test(estate.find(estate.handlers, body["handler"]))
        return {}

    def _endpoint(self, body: Any) -> Endpoint:
        found = self._account.world.with_iccid(str(body.get("iccid")))
        if found is None:
            raise ValueError("no endpoint has this ICCID")
        return found
