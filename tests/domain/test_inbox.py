"""What a platform's event means for what the store holds."""

import pytest

from domain.inbox import Meaning, Pending, PlatformEvent, judge, says
from domain.lifecycle import Kind, Lifecycle

ACTIVE = "EndpointProvisioningStatusSetActive_v1"
DOUBT = Pending(Kind.ACTIVATE, sent_at=100.0, is_sent=False)


def meaning(kind=ACTIVE, *, at=100.0, known=Lifecycle.PRE_ACTIVE, newest=None, pending=None):
    event = PlatformEvent("e1", at, kind, "E1")
    return judge(event, known=known, newest=at if newest is None else newest, pending=pending)


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (ACTIVE, Lifecycle.ACTIVE),
        (ACTIVE.lower(), Lifecycle.ACTIVE),
        ("EndpointProvisioningStatusSetSuspended_v1", Lifecycle.SUSPENDED),
        ("EndpointProvisioningStatusSetTerminated_v2", Lifecycle.TERMINATED),
        ("EndpointProvisioningStatusSetPending_v1", Lifecycle.PRE_ACTIVE),
    ],
)
def test_an_event_that_sets_a_provisioning_status_says_which(kind, state):
    assert says(kind)[0] is state


@pytest.mark.parametrize(
    "kind",
    [
        "EndpointNetworkStatusSetActive_v1",
        "EndpointProvisioningStatusSetProvisional_v1",
        "EndpointIMEIChanged_v1",
        "VpnInitiationFailedPeerNotResponding_v1",
        "",
    ],
)
def test_every_other_event_is_only_noted(kind):
    assert says(kind) is None
    assert meaning(kind, pending=DOUBT) is Meaning.NOTED


def test_an_endpoint_that_the_store_does_not_know_is_only_noted():
    assert meaning(known=None) is Meaning.NOTED


def test_an_event_confirms_an_operation_in_doubt_that_leads_to_its_state():
    assert meaning(pending=DOUBT) is Meaning.CONFIRMS


@pytest.mark.parametrize("kind", [Kind.SUSPEND, Kind.TERMINATE])
def test_an_event_confirms_no_operation_that_leads_elsewhere(kind):
    assert meaning(pending=Pending(kind, 100.0, False)) is Meaning.DIFFERS


def test_an_event_from_before_the_operation_confirms_nothing():
    assert meaning(at=69.0, pending=DOUBT) is Meaning.DIFFERS
    assert meaning(at=71.0, pending=DOUBT) is Meaning.CONFIRMS, "clocks may be half a minute apart"


def test_an_event_that_comes_before_the_answer_waits_for_it():
    assert meaning(pending=Pending(Kind.ACTIVATE, 100.0, True)) is Meaning.NEW


def test_what_the_store_knows_agrees():
    assert meaning(known=Lifecycle.ACTIVE) is Meaning.AGREES


def test_what_contradicts_the_store_differs():
    assert meaning("EndpointProvisioningStatusSetTerminated_v1", known=Lifecycle.ACTIVE) is Meaning.DIFFERS


def test_an_event_that_comes_late_and_out_of_order_is_old_news():
    assert meaning(at=100.0, newest=200.0) is Meaning.OLD
