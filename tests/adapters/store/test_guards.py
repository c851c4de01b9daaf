"""The database itself refuses what the life cycle and the states of operations do not allow, whoever asks."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from domain.lifecycle import MOVES, Kind, Lifecycle
from domain.operation import State, may_move


def is_allowed(desk, statement, **values):
    """Whether the database takes a statement; it is taken back in any case."""
    try:
        with desk.minding() as connection:
            connection.execute(text(statement), values)
            connection.rollback()
    except DBAPIError as error:
        assert isinstance(error, IntegrityError), error
        return False
    return True


def put(desk, *, endpoint, kind="activate", operation="planned"):
    desk.do("UPDATE endpoints SET state = :state", state=endpoint)
    desk.do("UPDATE operations SET kind = :kind, state = :state", kind=kind, state=operation)


def test_an_operation_goes_only_where_the_rules_let_it_go(desk):
    desk.pre_active(1)
    move = "UPDATE operations SET state = :state"
    found = {}
    for before in State:
        put(desk, endpoint="pre_active", operation=before.value)
        found |= {(before, after): is_allowed(desk, move, state=after.value) for after in State}

    # One that was not planned is never marked as sent here, so the life cycle has no say.
    assert found == {(before, after): before is after or may_move(before, after) for before in State for after in State}


def test_no_call_is_marked_as_sent_that_breaks_the_life_cycle(desk):
    desk.pre_active(1)
    found = {}
    for kind in Kind:
        for state in Lifecycle:
            put(desk, endpoint=state.value, kind=kind.value)
            found[kind, state] = is_allowed(desk, "UPDATE operations SET state = 'sent'")

    assert found == {
        (kind, state): any(state in moves[kind].allowed_from for moves in MOVES.values())
        for kind in Kind
        for state in Lifecycle
    }


@pytest.mark.parametrize("before", Lifecycle)
@pytest.mark.parametrize("after", Lifecycle)
def test_what_is_terminated_stays_so_and_nothing_returns_to_stock(desk, before, after):
    desk.pre_active(1)
    desk.do("UPDATE endpoints SET state = :state", state=before.value)

    allowed = is_allowed(desk, "UPDATE endpoints SET state = :state", state=after.value)

    assert allowed is (before is after or (before is not Lifecycle.TERMINATED and after is not Lifecycle.STOCK))


def test_a_mapping_is_never_changed_or_lost(desk):
    desk.pre_active(1)

    assert not is_allowed(desk, "UPDATE endpoints SET endpoint_id = 'E99'")
    assert not is_allowed(desk, "UPDATE endpoints SET endpoint_id = NULL, state = 'terminated'")


def test_one_change_of_state_of_an_endpoint_is_under_way_at_a_time(desk):
    desk.pre_active(1)
    desk.select(tag="march")
    another = (
        "INSERT INTO operations (account, change_id, position, endpoint, kind, state, already, updated_at) "
        "SELECT account, change_id, 9, endpoint, :kind, :state, already, 0 FROM operations WHERE kind = 'activate'"
    )

    assert not is_allowed(desk, another, kind="terminate", state="planned")
    assert is_allowed(desk, another, kind="terminate", state="refused")
    assert is_allowed(desk, another, kind="tag", state="planned")
