"""What a platform can do is data, and plans are made from it."""

import pytest

from domain.capabilities import CAPABILITIES, capabilities_of
from domain.errors import SettingsError, UnknownGroup
from domain.lifecycle import MOVES, Kind
from domain.options import Account, check_tag
from domain.plan import provision_calls, selection_calls


def account(platform="stacuity", **settings):
    return Account(base_url="https://platform.example", platform=platform, **settings)


def test_every_platform_with_moves_has_capabilities():
    assert set(CAPABILITIES) == set(MOVES)


def test_the_settings_of_an_account_decide_on_claims_and_bulk():
    assert account().capabilities == CAPABILITIES["stacuity"]
    assert account(provision_by="claim").capabilities.needs_activation_code
    assert account(provision_by="claim").capabilities.calls_per_create == 1
    assert not account("sft", provision_by="claim").capabilities.needs_activation_code
    assert capabilities_of("sft", claims=False, bulk=True).has_bulk


def test_what_is_there_already_costs_no_create_and_a_tag_is_read_written_and_read_back():
    assert provision_calls(10, tag_writes=10, new_tags=1, account=account()) == 1 + 10 * 3 + 2
    assert provision_calls(10, tag_writes=10, new_tags=1, account=account(provision_by="claim")) == 1 + 10 + 10 * 3 + 2


@pytest.mark.parametrize("group", [True, False])
def test_an_activation_is_one_call_where_the_assignment_activates(group):
    assert selection_calls(Kind.ACTIVATE, 10, group=group, account=account()) == 1 + 10 + 2
    assert selection_calls(Kind.ASSIGN, 10, group=True, account=account()) == 1 + 10 + 2


def test_elsewhere_an_add_on_is_counted_and_an_end_takes_three_calls():
    assert selection_calls(Kind.ACTIVATE, 10, group=True, account=account("sft")) == 1 + 10 * 4 + 2
    assert selection_calls(Kind.ASSIGN, 10, group=True, account=account("sft")) == 1 + 10 * 3 + 2
    assert selection_calls(Kind.TERMINATE, 10, group=False, account=account("sft")) == 1 + 10 * 3 + 2


def test_a_group_need_not_be_listed_where_the_platform_has_its_own():
    assert account().group("fleet-main").endpoint_group == "fleet-main"
    with pytest.raises(UnknownGroup):
        account("sft").group("fleet-main")


def test_a_tag_is_as_long_as_the_platform_takes():
    assert check_tag("x" * 50, account().capabilities.tag_chars)
    with pytest.raises(SettingsError, match="1 to 50"):
        check_tag("x" * 51, account().capabilities.tag_chars)
