"""An account that others changed: what differs is listed without a write, and repaired only when asked for."""

import json

import pytest

from tests.flows.processes import fetch, unreachable
from tests.flows.selling import stock
from tests.flows.world import PASSWORD, World

ROWS = 6


@pytest.fixture(scope="module")
def here(tmp_path_factory, prefect_api):
    """A batch of active endpoints of which somebody suspended two, ended one and made one of his own."""
    folder = tmp_path_factory.mktemp("reconcile")
    with World(folder, rows=ROWS + 1, api=prefect_api, platform={"--read-lag": 0}) as world:
        world.stranger = world.iccids.pop()
        world.file = world.write("batch.csv", world.iccids)
        stock(world, world.iccids, "batch")
        world.run("activate", "--tag", "batch", "--yes")
        world.configure(settle_seconds=0)  # what changed just now is to be compared too
        mapping = world.mapping()
        portal = Portal(world)
        for iccid in world.iccids[:2]:
            portal.post(
                "EndPointLifeCycleChange", endPointId=mapping[iccid], requestParam={"lifeCycle": "S", "reason": "3"}
            )
        portal.post("DeLinkSim", endPointId=mapping[world.iccids[2]])
        portal.post("DeleteEndPoint", endPointId=mapping[world.iccids[2]])
        made = {"name": "x", "isLinkSIM": "true", "iccid": world.stranger, "isDefaultActivation": "false"}
        made |= {"roamingProfileId": "1234", "apnGroupId": "PDP_1", "planId": "123456"}
        portal.post("CreateEndPoint", requestParam=made)
        yield world


class Portal:
    """Somebody else with the same account."""

    def __init__(self, world):
        self._base = world.platform.base_url
        self._token = fetch(f"{self._base}/login", {"username": "api-user", "password": PASSWORD})["AccessToken"]

    def post(self, call, **request):
        answer = fetch(
            f"{self._base}/{call}", {"Request": request}, headers={"X-Authorization": f"Bearer {self._token}"}
        )
        assert answer["Response"]["resultCode"] == "0", answer


def found(ended):
    return {(row["difference"], row["iccid"]) for row in ended.rows}


def test_an_account_that_drifted_is_compared_without_one_writing_call(here):
    writes, before = here.platform.writes, here.run("endpoints", "--json").out

    ended = here.run("reconcile", "--json", code=3)

    assert found(ended) == {
        *(("different", iccid) for iccid in here.iccids[:2]),
        ("store-only", here.iccids[2]),
        ("platform-only", here.stranger),
    }
    assert all(row["looked_up"] and row["reason"] for row in ended.rows)
    assert "1 store-only, 1 platform-only, 2 different" in ended.err
    assert here.platform.writes == writes
    assert here.run("endpoints", "--json").out == before


NIGHTLY = """
import asyncio, json
from domain.requests import ReconcileRequest
from flows.reconcile import reconcile
state = asyncio.run(reconcile(ReconcileRequest(), return_state=True))
print(json.dumps([state.type.value, state.message]))
"""


@pytest.mark.long
def test_each_night_every_account_in_use_is_compared_and_one_that_is_away_does_not_stop_the_next(here):
    away = {"PREACTIVE_DEFAULT_ACCOUNT": "away", "PREACTIVE_ACCOUNTS__AWAY__BASE_URL": f"{unreachable()}/api"}
    away |= {"PREACTIVE_ACCOUNTS__AWAY__USERNAME": "u", "PREACTIVE_ACCOUNTS__AWAY__PASSWORD": "p"}
    state, message = json.loads(here.run("-c", NIGHTLY, env=away).out.splitlines()[-1])
    first, _, second = message.partition("; t: ")

    assert state == "FAILED"
    assert first.startswith("away: The platform at ")
    assert "1 store-only, 1 platform-only, 2 different" in second


@pytest.mark.long
def test_a_repair_changes_only_what_was_chosen(here):
    resumed, recorded, gone = here.iccids[:3]
    writes = here.platform.writes

    here.run("reconcile", "--repair", "store", "--iccid", recorded, "--yes")
    here.run("reconcile", "--repair", "store", "--only", "store-only", "--yes")
    assert here.platform.writes == writes
    one = here.run("reconcile", "--repair", "platform", "--only", "different", "--yes").summary

    assert (one["confirmed"], here.platform.writes) == (1, writes + 1)
    assert here.platform.endpoints[resumed]["status"] == "Active"
    states = {row["iccid"]: row["state"] for row in here.run("endpoints", "--json").rows}
    assert [states[iccid] for iccid in (resumed, recorded, gone)] == ["active", "suspended", "terminated"]
    assert found(here.run("reconcile", "--json", code=3)) == {("platform-only", here.stranger)}
    history = here.run("history", "--iccid", gone, "--json").rows[-1]
    assert (history["kind"], history["event"]) == ("terminate", "recorded")


def test_a_repair_without_a_choice_is_refused(here):
    ended = here.run("reconcile", "--repair", "store", "--yes", code=2)

    assert "to choose the differences" in ended.sentence
