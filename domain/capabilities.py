"""What a platform can do, as data, so that flows and commands need not know which platform they drive."""

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Capabilities:
    """One platform's abilities and what its changes cost. `calls_…` count HTTP requests for one endpoint."""

    has_groups: bool  # groups are objects of the platform: found by name, pinned by id, with room for so many
    has_bulk: bool
    has_events: bool  # the platform tells what happened, when asked or by webhook
    activates_by_assignment: bool
    needs_activation_code: bool
    lists_stock_as_pre_active: bool  # a SIM that the tenant allocated waits on the account before anybody made it
    tells_transitions: bool  # the answer to an activation tells whether that changed anything
    replaces_tags: bool  # one write replaces all tags of an endpoint, so two at once would lose one
    tag_chars: int
    calls_per_create: int
    calls_per_tag: int
    calls_per_new_tag: int
    calls_per_activation: int
    calls_per_assignment: int  # beside the activation
    calls_per_termination: int

    @property
    def calls_per_sale(self) -> int:
        """Calls of one sale into a group; the endpoint is shown with its SIM by the first count, or by a look."""
        return self.calls_per_activation + (self.calls_per_assignment or 1)


CAPABILITIES: Mapping[str, Capabilities] = {
    "sft": Capabilities(
        has_groups=False,
        has_bulk=False,
        has_events=False,
        activates_by_assignment=False,
        needs_activation_code=False,
        lists_stock_as_pre_active=False,
        tells_transitions=True,
        replaces_tags=False,
        tag_chars=100,
        calls_per_create=1,
        calls_per_tag=1,
        calls_per_new_tag=1,
        calls_per_activation=1,
        calls_per_assignment=3,  # counted before and after
        calls_per_termination=3,  # the SIM is read, taken away, and the endpoint deleted
    ),
    "stacuity": Capabilities(
        has_groups=True,
        has_bulk=False,
        has_events=True,
        activates_by_assignment=True,
        needs_activation_code=False,
        lists_stock_as_pre_active=True,
        tells_transitions=False,
        replaces_tags=True,
        tag_chars=50,
        calls_per_create=0,  # a SIM that the tenant allocated is there already
        calls_per_tag=3,  # read, write, read back
        calls_per_new_tag=0,
        calls_per_activation=1,
        calls_per_assignment=0,  # the activation is the assignment
        calls_per_termination=1,
    ),
}


def capabilities_of(platform: str, *, claims: bool, bulk: bool) -> Capabilities:
    """What a platform can do for an account with these settings."""
    found = replace(CAPABILITIES[platform], has_bulk=bulk)
    return replace(found, needs_activation_code=True, calls_per_create=1) if claims else found
