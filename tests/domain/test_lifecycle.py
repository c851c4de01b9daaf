"""The table of moves and the platforms' words."""

import pytest

from domain.lifecycle import (
    MOVES,
    NETWORK_WORDS,
    WORDS,
    Kind,
    Lifecycle,
    NetworkState,
    from_platform,
    is_allowed,
    state_after,
)

STOCK, PRE_ACTIVE, ACTIVE, SUSPENDED, TERMINATED = Lifecycle

# From the platforms' documents, written down a second time on purpose: states it may start from, state it ends in.
RULES = {
    "sft": {
        Kind.CREATE: ({STOCK}, PRE_ACTIVE),
        Kind.TAG: ({PRE_ACTIVE, ACTIVE, SUSPENDED}, None),
        Kind.ACTIVATE: ({PRE_ACTIVE}, ACTIVE),
        Kind.ASSIGN: ({ACTIVE}, None),
        Kind.SUSPEND: ({ACTIVE}, SUSPENDED),
        Kind.RESUME: ({SUSPENDED}, ACTIVE),
        Kind.TERMINATE: ({PRE_ACTIVE, ACTIVE, SUSPENDED}, TERMINATED),
    },
    "stacuity": {
        Kind.CREATE: ({STOCK}, PRE_ACTIVE),
        Kind.TAG: ({PRE_ACTIVE, ACTIVE, SUSPENDED}, None),
        Kind.ACTIVATE: ({PRE_ACTIVE}, ACTIVE),
        Kind.ASSIGN: ({PRE_ACTIVE, ACTIVE}, ACTIVE),
        Kind.SUSPEND: ({ACTIVE}, SUSPENDED),
        Kind.RESUME: ({SUSPENDED}, ACTIVE),
        Kind.TERMINATE: ({PRE_ACTIVE, ACTIVE, SUSPENDED}, TERMINATED),
    },
}
CASES = [(platform, kind) for platform in RULES for kind in Kind]


@pytest.mark.parametrize(("platform", "kind"), CASES)
def test_a_change_is_allowed_from_these_states_and_from_no_other(platform, kind):
    allowed, _ = RULES[platform][kind]

    assert {state for state in Lifecycle if is_allowed(platform, kind, state)} == allowed


@pytest.mark.parametrize(("platform", "kind"), CASES)
def test_a_change_ends_in_its_state_or_leaves_the_state_alone(platform, kind):
    allowed, after = RULES[platform][kind]

    assert all(state_after(platform, kind, state) is (after or state) for state in allowed)


@pytest.mark.parametrize(("platform", "kind"), CASES)
def test_nothing_is_allowed_from_an_unknown_state(platform, kind):
    assert not is_allowed(platform, kind, None)


@pytest.mark.parametrize(("platform", "kind"), CASES)
def test_nothing_brings_a_terminated_endpoint_back(platform, kind):
    assert not is_allowed(platform, kind, TERMINATED)


@pytest.mark.parametrize("platform", RULES)
def test_no_change_ends_in_stock(platform):
    assert STOCK not in {move.to for move in MOVES[platform].values()}


@pytest.mark.parametrize("platform", RULES)
def test_every_change_says_why_in_a_sentence(platform):
    assert all(move.sentence.endswith(".") and " " in move.sentence for move in MOVES[platform].values())
    assert set(MOVES[platform]) == set(Kind)


@pytest.mark.parametrize(
    ("platform", "word", "state"),
    [
        ("sft", "Ready To Activate", STOCK),
        ("sft", "Pre-Active", PRE_ACTIVE),
        ("sft", "Active", ACTIVE),
        ("sft", "Suspended", SUSPENDED),
        ("sft", "  PRE-ACTIVE\n", PRE_ACTIVE),
        ("stacuity", "30", PRE_ACTIVE),
        ("stacuity", "Pending", PRE_ACTIVE),
        ("stacuity", "50", ACTIVE),
        ("stacuity", "Active", ACTIVE),
        ("stacuity", "60", SUSPENDED),
        ("stacuity", "Suspended", SUSPENDED),
        ("stacuity", "70", TERMINATED),
        ("stacuity", "Terminated", TERMINATED),
    ],
)
def test_a_platform_word_has_its_state(platform, word, state):
    assert from_platform(platform, word) is state


@pytest.mark.parametrize(
    ("platform", "word"),
    [
        ("sft", ""),
        ("sft", "Activated"),
        ("sft", "Active-Test"),
        ("sft", "Active-Inventory"),
        ("sft", "12"),
        ("sft", "30"),
        ("sft", "active!"),
        ("stacuity", "Pre-Active"),
        ("stacuity", "40"),
        ("stacuity", "300"),
        ("stacuity", "None"),
    ],
)
def test_an_unknown_word_is_no_state(platform, word):
    assert from_platform(platform, word) is None


def test_words_are_kept_in_the_form_they_are_looked_up_in():
    words = [word for platform in WORDS.values() for word in platform]

    assert words == [word.strip().lower() for word in words]


def test_a_network_state_is_never_a_lifecycle_state():
    assert set(NETWORK_WORDS.values()) == set(NetworkState)
    assert not any(isinstance(state, Lifecycle) for state in NETWORK_WORDS.values())
