"""Which endpoint ids are usable, and which claims contradict what is recorded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.endpoint import Claim, contradictions, usable_id

# --- ids ---


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("100042", "100042"),
        (100042, "100042"),
        (2**63, "9223372036854775808"),
        ("  7a1b-EP_9 ", "7a1b-EP_9"),
        ("0" * 20, "0" * 20),
        ("x" * 64, "x" * 64),
    ],
)
def test_an_id_stays_text_whatever_type_it_comes_in(value, text):
    assert usable_id(value) == text


@pytest.mark.parametrize("value", ["", " ", "-", " - ", "null", "NULL", "None", "0", 0, None, ".", "..", " .. "])
def test_what_stands_for_no_endpoint_is_no_id(value):
    assert usable_id(value) is None


@pytest.mark.parametrize("value", [1.0, 1e19, float("nan"), True, False, ["1"], {"id": 1}, b"1"])
def test_an_id_of_a_type_that_may_have_lost_digits_is_refused(value):
    assert usable_id(value) is None


@pytest.mark.parametrize("value", ["x" * 65, "12\x0034", "a\nb", "\x1b[31m1", "\ud800", "1\u202e2"])
def test_an_id_that_cannot_be_stored_or_shown_is_refused(value):
    assert usable_id(value) is None


@given(st.text() | st.integers() | st.floats() | st.none() | st.booleans())
def test_a_usable_id_is_printable_text_of_bounded_length(value):
    found = usable_id(value)

    assert found is None or (found.isprintable() and 0 < len(found) <= 64 and found == found.strip())


# --- mappings ---


def reasons(*claims, id_of=None, iccid_of=None):
    return contradictions([Claim(*claim) for claim in claims], id_of=id_of or {}, iccid_of=iccid_of or {})


def test_new_mappings_contradict_nothing():
    assert reasons(("A", "1"), ("B", "2")) == {}


def test_what_is_recorded_already_may_be_said_again():
    assert reasons(("A", "1"), ("A", "1"), id_of={"A": "1"}, iccid_of={"1": "A"}) == {}


def test_a_mapping_is_never_overwritten():
    assert reasons(("A", "2"), id_of={"A": "1"}) == {"A": "already recorded as endpoint 1, now said to be 2"}


def test_an_id_that_is_recorded_for_another_iccid_is_refused():
    assert set(reasons(("B", "1"), iccid_of={"1": "A"})) == {"B"}


def test_an_id_given_for_two_iccids_is_refused_for_both():
    found = reasons(("A", "1"), ("C", "3"), ("B", "1"))

    assert set(found) == {"A", "B"}
    assert found["A"] == found["B"] == "endpoint 1 was given for two ICCIDs"


def test_an_iccid_given_two_ids_is_refused():
    assert set(reasons(("A", "1"), ("A", "2"), ("B", "3"))) == {"A"}


iccids = st.sampled_from("ABCD")
ids = st.sampled_from("1234")


@given(
    claims=st.lists(st.tuples(iccids, ids), max_size=8),
    recorded=st.dictionaries(iccids, ids, max_size=3).filter(lambda d: len(set(d.values())) == len(d)),
)
def test_what_may_be_recorded_keeps_the_mapping_one_to_one(claims, recorded):
    bad = reasons(*claims, id_of=recorded, iccid_of={value: key for key, value in recorded.items()})

    kept = set(recorded.items()) | {claim for claim in claims if claim[0] not in bad}
    assert len({iccid for iccid, _ in kept}) == len(kept) == len({endpoint_id for _, endpoint_id in kept})
