"""What people fill in: every field explained, in its order, and nothing done unless it is asked for."""

import pytest

from domain.lifecycle import Kind
from domain.requests import Action, LifecycleRequest, ReconcileRequest


def test_a_request_is_a_dry_run_by_default():
    assert LifecycleRequest(action=Action.TERMINATE, tag="fleet").dry_run
    assert ReconcileRequest().dry_run
    assert ReconcileRequest().repair is None


@pytest.mark.parametrize("action", Action)
def test_an_action_is_a_change_of_the_same_name(action):
    request = LifecycleRequest(action=action, tag="fleet", group="eu" if action is Action.ASSIGN else None)

    assert request.kind is Kind(action.value)
    assert request.report.startswith(f"fleet-{action.value}")


@pytest.mark.parametrize("bad", [{"confirm_count": -1}, {"limit": 0}, {"action": "explode"}, {"iccid": "8944"}])
def test_what_is_out_of_bounds_or_unknown_is_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        LifecycleRequest.model_validate({"action": "suspend", "tag": "fleet"} | bad)
