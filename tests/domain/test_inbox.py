"""What a platform's event means for what the store holds."""

import pytest

from domain.inbox import Meaning, Pending, PlatformEvent, judge, leads_to, says
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


def in_doubt(kind, sent_at=100.0):
    return Pending(kind, sent_at=sent_at, is_sent=False)


SUSPENDED = "EndpointProvisioningStatusSetSuspended_v1"
TERMINATED = "EndpointProvisioningStatusSetTerminated_v1"
PENDING = "EndpointProvisioningStatusSetPending_v1"


@pytest.mark.parametrize(
    ("event", "known", "kind"),
    [
        (SUSPENDED, Lifecycle.ACTIVE, Kind.SUSPEND),
        (ACTIVE, Lifecycle.SUSPENDED, Kind.RESUME),
        (TERMINATED, Lifecycle.ACTIVE, Kind.TERMINATE),
    ],
)
def test_an_event_confirms_an_operation_in_doubt_that_leads_to_its_state_and_into_no_group(event, known, kind):
    assert meaning(event, known=known, pending=in_doubt(kind)) is Meaning.CONFIRMS


@pytest.mark.parametrize("seconds", [0.001, 29.0, 31.0, 1e6])
@pytest.mark.parametrize("kind", [Kind.SUSPEND, Kind.RESUME, Kind.TERMINATE])
def test_an_event_from_before_the_operation_decides_nothing_however_little_before(kind, seconds):
    event, known = {
        Kind.SUSPEND: (SUSPENDED, Lifecycle.ACTIVE),
        Kind.RESUME: (ACTIVE, Lifecycle.SUSPENDED),
        Kind.TERMINATE: (TERMINATED, Lifecycle.ACTIVE),
    }[kind]

    assert meaning(event, at=100.0 - seconds, known=known, pending=in_doubt(kind)) is Meaning.PROMPTS


@pytest.mark.parametrize("at", [1.0, 80.0, 100.0, 1e6])
@pytest.mark.parametrize("kind", [Kind.ACTIVATE, Kind.ASSIGN])
def test_what_was_to_get_into_a_group_is_looked_up_since_an_event_does_not_say_which(kind, at):
    assert meaning(at=at, pending=in_doubt(kind)) is Meaning.PROMPTS


@pytest.mark.parametrize("at", [70.0, 99.0, 100.0, 1e6])
def test_a_move_between_groups_raises_no_event_so_none_is_about_it(at):
    """The event is that of the activation before."""
    assert meaning(at=at, known=Lifecycle.ACTIVE, pending=in_doubt(Kind.ASSIGN)) is Meaning.AGREES


@pytest.mark.parametrize("kind", [Kind.CREATE, Kind.SUSPEND, Kind.TERMINATE, Kind.TAG])
def test_an_event_says_nothing_of_an_operation_that_leads_elsewhere(kind):
    assert meaning(pending=in_doubt(kind)) is Meaning.DIFFERS
    assert not leads_to(kind, ACTIVE)


@pytest.mark.parametrize("kind", Kind)
def test_no_event_is_about_a_create_which_has_no_endpoint_id_before_it_is_done(kind):
    assert not leads_to(kind, PENDING)


@pytest.mark.parametrize("at", [1.0, 100.0, 1e6])
@pytest.mark.parametrize("kind", [Kind.ACTIVATE, Kind.ASSIGN, Kind.RESUME])
def test_an_event_that_comes_before_the_answer_waits_for_it_whatever_the_clocks_say(kind, at):
    assert meaning(at=at, known=Lifecycle.SUSPENDED, pending=Pending(kind, 100.0, True)) is Meaning.NEW


def test_what_the_store_knows_agrees():
    assert meaning(known=Lifecycle.ACTIVE) is Meaning.AGREES


def test_what_contradicts_the_store_differs():
    assert meaning(TERMINATED, known=Lifecycle.ACTIVE) is Meaning.DIFFERS


def test_an_event_that_comes_late_and_out_of_order_is_old_news():
    assert meaning(at=100.0, newest=200.0) is Meaning.OLD
