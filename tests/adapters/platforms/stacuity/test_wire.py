"""How an answer is understood: by status, body and `success` together, never by one of them alone."""

import pytest

from adapters.platforms.stacuity import parse
from adapters.platforms.stacuity.wire import Meaning, read
from adapters.platforms.transport import Reply
from domain.groups import GroupKind
from domain.lifecycle import Lifecycle, NetworkState


def answer(status, body):
    return read(Reply(status, body, None, 0.0, 0.0))


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (200, {"success": True, "data": []}, Meaning.SUCCESS),
        (201, {"success": True}, Meaning.SUCCESS),
        (204, None, Meaning.AMBIGUOUS),
        (200, None, Meaning.AMBIGUOUS),
        (200, {}, Meaning.AMBIGUOUS),
        (200, {"success": "true"}, Meaning.AMBIGUOUS),
        (200, {"success": False, "messages": ["Record not found"]}, Meaning.NOT_FOUND),
        (200, {"success": False, "messages": ["RECORD NOT FOUND"]}, Meaning.NOT_FOUND),
        (200, {"success": False, "messages": ["Another reason"]}, Meaning.REFUSED),
        (200, {"success": False}, Meaning.REFUSED),
        (200, {"success": False, "messages": None}, Meaning.REFUSED),
        (400, {"title": "Bad", "errors": {"name": ["too long"]}}, Meaning.REFUSED),
        (400, None, Meaning.REFUSED),
        (401, {"success": False}, Meaning.BAD_TOKEN),
        (403, None, Meaning.REFUSED),
        (404, None, Meaning.NOT_FOUND),
        (409, {"success": False}, Meaning.REFUSED),
        (422, {"success": True}, Meaning.AMBIGUOUS),
        (408, None, Meaning.AMBIGUOUS),
        (429, None, Meaning.THROTTLED),
        (302, None, Meaning.AMBIGUOUS),
        (500, {"success": False}, Meaning.AMBIGUOUS),
        (503, None, Meaning.AMBIGUOUS),
    ],
)
def test_only_a_good_status_with_success_true_is_a_yes_and_only_a_plain_no_is_a_no(status, body, meaning):
    assert answer(status, body).meaning is meaning


def test_all_messages_are_told_on_one_line_without_a_token():
    body = {"success": False, "messages": ["First", "second\nBearer abcdef"]}

    assert answer(200, body).text == "First; second ***"


def test_a_problem_details_answer_is_told_field_by_field():
    body = {"title": "Invalid", "errors": {"name": ["too long", "odd"]}}

    assert answer(400, body).text == "Invalid; name: too long odd"


def lookup(key=None, moniker=None, active=True):
    values = {"key": key, "moniker": moniker, "name": moniker, "active": active}
    return {name: value for name, value in values.items() if value is not None}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (lookup(30, "pending"), Lifecycle.PRE_ACTIVE),
        (lookup(50, "active"), Lifecycle.ACTIVE),
        (lookup(60, "suspended"), Lifecycle.SUSPENDED),
        (lookup(70, "terminated"), Lifecycle.TERMINATED),
        (lookup(70, "closed"), Lifecycle.TERMINATED),
        (lookup(30), Lifecycle.PRE_ACTIVE),
        (lookup(None, "Suspended"), Lifecycle.SUSPENDED),
        (lookup(20, "provisional"), None),
        (lookup(20, "active"), None),
        (lookup(60, "active"), None),
        (lookup(None, None), None),
        (None, None),
        ("active", None),
    ],
)
def test_a_state_is_known_by_id_and_by_word_and_a_contradiction_is_no_state(status, state):
    assert parse.status(status)[0] is state


def test_the_flag_active_of_a_lookup_is_never_taken_for_the_state():
    row = {"id": "E1", "endpointStatus": lookup(60, "suspended", active=True)}
    other = {"id": "E1", "endpointStatus": lookup(50, "active", active=False)}

    assert parse.endpoint(row).state is Lifecycle.SUSPENDED
    assert parse.endpoint(other).state is Lifecycle.ACTIVE


def test_provisioning_and_network_status_share_words_and_are_never_mixed():
    one = parse.endpoint(
        {"id": "E1", "endpointStatus": lookup(60, "suspended"), "endpointNetworkStatus": lookup(40, "active")}
    )

    assert (one.state, one.network_state) == (Lifecycle.SUSPENDED, NetworkState.ACTIVE)


@pytest.mark.parametrize(
    ("key", "state"),
    [(10, NetworkState.UNKNOWN), (20, NetworkState.DETACHED), (30, NetworkState.IDLE), (40, NetworkState.ACTIVE)],
)
def test_the_four_network_states_are_known_by_id(key, state):
    assert parse.network_status(lookup(key)) is state


def test_every_field_but_the_id_may_be_missing():
    assert parse.endpoint({"id": "E1"}).iccid == ""
    assert parse.endpoint({"iccid": "8944"}) is None
    assert parse.endpoint("E1") is None
    assert parse.group({"id": "G1"}).kind is None
    assert (parse.vslice({"id": "V1"}).subnets, parse.vslice({"id": "V1"}).shows_subnets) == ((), False)
    assert parse.event({"eventType": "X"}) is None


def test_the_group_is_read_from_its_object_and_else_from_the_flat_names():
    flat = {"id": "E1", "endpointGroupId": "G1", "endpointGroupName": "Fleet"}
    inner = flat | {"endpointGroup": {"id": "G2", "moniker": "fleet-2"}}

    assert (parse.endpoint(flat).group_id, parse.endpoint(flat).group_name) == ("G1", "Fleet")
    assert (parse.endpoint(inner).group_id, parse.endpoint(inner).group_name) == ("G2", "fleet-2")


@pytest.mark.parametrize(
    "fields",
    [
        {"vslice": {"id": "V1", "moniker": "main"}},
        {"vSlice": {"id": "V1", "moniker": "main"}},
        {"VSlice": {"ID": "V1", "Moniker": "main"}},
        {"vslice": "main"},
        {"vSliceId": "V1", "vSliceName": "Main", "vSliceMoniker": "main"},
        {"vslice": None, "vSliceMoniker": "main"},
    ],
    ids=str,
)
def test_the_vslice_of_a_group_is_read_in_any_letter_case_and_else_from_the_flat_names(fields):
    assert parse.group({"id": "G1"} | fields).vslice == "main"


def test_a_vslice_without_a_moniker_is_called_by_its_id_and_else_by_its_name():
    assert parse.group({"id": "G1", "vslice": {"id": "V1"}}).vslice == "V1"
    assert parse.group({"id": "G1", "vSliceId": "V1", "vSliceName": "Main"}).vslice == "V1"
    assert parse.group({"id": "G1", "vSliceName": "Main"}).vslice == "Main"
    assert parse.group({"id": "G1"}).vslice == ""


def test_every_name_may_come_in_another_letter_case():
    row = {"ID": "E1", "Iccid": "8944", "Tags": ["a"], "EndpointStatus": {"Key": 30, "Moniker": "pending"}}
    one = parse.endpoint(row | {"endpointGroupID": "G1"})

    assert (one.id, one.iccid, one.tags, one.state, one.group_id) == ("E1", "8944", ("a",), Lifecycle.PRE_ACTIVE, "G1")
    assert one.unreadable == ()


def test_a_policy_that_a_group_does_not_show_is_not_said_to_be_missing():
    shown = parse.group({"id": "G1", "routingPolicy": None, "regionalGatewayPolicyId": "R1"})
    silent = parse.group({"id": "G1"})

    assert (shown.has_routing_policy, shown.has_regional_policy) == (False, True)
    assert (silent.has_routing_policy, silent.has_regional_policy, silent.shows_primary) == (True, True, False)


def test_no_tags_may_be_told_by_null():
    one = parse.endpoint({"id": "E1", "tags": None})

    assert (one.tags, one.unreadable, one.shows_tags) == ((), (), True)
    assert parse.vslice({"id": "V1", "subnets": None}).shows_subnets


def test_a_group_says_what_it_is():
    row = {
        "id": "G1",
        "endpointGroupType": lookup(20, "secondary"),
        "ipAllocationType": lookup(10, "pooled"),
        "routingPolicy": None,
        "regionalGatewayPolicy": {"id": "R"},
        "primaryGroup": {"id": "P", "moniker": "fleet"},
        "endpointsAssigned": 3,
    }
    one = parse.group(row)

    assert (one.kind, one.is_pooled, one.primary, one.endpoints) == (GroupKind.SECONDARY, True, "fleet", 3)
    assert (one.has_routing_policy, one.has_regional_policy) == (False, True)


def test_rows_that_shift_between_pages_and_come_twice_count_once():
    assert len(parse.endpoints([{"id": "E1"}, {"id": "E1"}, {"id": "E2"}, "x"])) == 2
