"""Where a request goes, seen on the wire: no id, whoever gave it, leads to another call of the platform."""

import re
from collections import Counter

import pytest

from adapters.platforms.stacuity.contract import OPERATIONS
from domain.errors import UnknownGroup
from domain.lifecycle import Kind
from domain.outcome import Because, Verdict
from domain.ports import ReadFailed, ReadRefused
from tests.support.scripted_server import ScriptedServer

WITH_A_KEY = [row for row in OPERATIONS.values() if "{" in row.path]
ONE_STEP = ["E1", "a b", "x?y=1", "x#y", "a;b", "é", "…", "a&b=c", "..x", "...", "~", "@:$,+"]
ELSEWHERE = ["", ".", "..", "/", "../x?y", "x/../y", "%2e%2e", "%2E", "..%2fx", "\\", "..\\x", "a/b", "a%20b"]


async def asked(client, operation, key):
    """Make the call with this key, and return what it came to."""
    keys = dict.fromkeys(re.findall(r"{(\w+)}", operation.path), key)
    try:
        if operation.method == "GET":
            return await client.platform._calls.read(operation.name, **keys)
        return (await client.platform._calls.write(operation.name, {}, **keys))[0]
    except ReadFailed as error:
        return error


@pytest.fixture
async def wire(serve):
    """A client, and the server that it speaks to."""
    return await serve(ScriptedServer())


@pytest.mark.parametrize("operation", WITH_A_KEY, ids=lambda row: row.name)
async def test_an_id_is_one_step_of_the_path_and_changes_nothing_else(wire, operation):
    client, server = wire
    form = re.compile("/api" + re.sub(r"{\w+}", "[^/?#]+", operation.path))
    for key in ONE_STEP:
        await asked(client, operation, key)

    assert len(server.requests) == len(ONE_STEP)
    assert [one.path for one in server.requests if one.method != operation.method or not form.fullmatch(one.path)] == []
    assert not any(step in (".", "..") for one in server.requests for step in one.path.split("/"))


@pytest.mark.parametrize("operation", WITH_A_KEY, ids=lambda row: row.name)
async def test_an_id_that_would_lead_elsewhere_is_refused_and_nothing_is_sent(wire, operation):
    client, server = wire
    told = [await asked(client, operation, key) for key in ELSEWHERE]

    assert server.requests == []
    for one in told:
        assert isinstance(one, ReadRefused) or (one.verdict, one.because) == (Verdict.NOT_DONE, Because.REFUSED)
        assert "cannot stand in an address" in str(one)


@pytest.mark.parametrize("key", [".", ".."])
async def test_a_change_of_an_endpoint_whose_id_is_dots_reaches_no_other_call(stacuity, key):
    kinds = (Kind.SUSPEND, Kind.RESUME, Kind.TERMINATE, Kind.TAG, Kind.ACTIVATE)
    await stacuity.platform.pin_group("eu")
    before = Counter(stacuity.simulator.account.stats.requests)
    answers = [await stacuity.perform(kind, "8944", key, target="eu") for kind in kinds]
    since = Counter(stacuity.simulator.account.stats.requests) - before

    assert {answer.because for answer in answers} == {Because.REFUSED}
    # A refused assignment makes one look at its group.
    assert set(since) <= {"read_object"}, since


@pytest.mark.parametrize("name", ["..", ".", "a/b", "%2e%2e"])
async def test_a_group_that_is_called_by_dots_is_a_group_that_does_not_exist(stacuity, name):
    with pytest.raises(UnknownGroup):
        await stacuity.platform.group(name)
    assert stacuity.requests() == 0
