"""What the platform's codes, texts and statuses mean."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.platforms.sft.wire import Meaning, read
from adapters.platforms.texts import clean, retry_after
from adapters.platforms.transport import Reply
from tests.support.scripted_server import envelope

SUCCESS, ALREADY, EXPIRED, THROTTLED, AMBIGUOUS, EMPTY, REFUSED, BAD_LOGIN = Meaning


def reading(body, *, status=200):
    return read(Reply(status=status, body=body, retry_after=None, sent_at=0.0, seconds=0.1))


def meaning(outer="1", code="", text="", *, status=200):
    return reading(envelope(outer, code, text), status=status).meaning


# --- codes, as the reference lists them ---


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("401", EXPIRED),
        ("1000", EMPTY),
        ("1340", EMPTY),
        ("1254", ALREADY),
        ("1359", EMPTY),
        ("1602", REFUSED),
        ("1603", REFUSED),
        ("1605", REFUSED),
        ("1607", REFUSED),
        ("2002", REFUSED),
        ("2004", REFUSED),
        ("2507", ALREADY),
        ("6420", REFUSED),
        ("10117", REFUSED),
        ("10126", BAD_LOGIN),
        ("10239", AMBIGUOUS),
        ("10240", AMBIGUOUS),
        ("11044", BAD_LOGIN),
        ("9101", REFUSED),
        ("no such code", REFUSED),
        ("", REFUSED),
    ],
)
def test_a_failure_means_what_its_code_says(code, what):
    assert meaning("1", code) is what


@pytest.mark.parametrize(
    "code",
    ["0", "1601", "1604", "1606", "2001", "2003", "3005", "5014", "5017", "9003", "6413", "7001", "10149", "10159"],
)
def test_an_outer_0_is_a_success_whatever_the_inner_code(code):
    assert meaning("0", code) is SUCCESS


def test_codes_are_compared_as_text_whatever_json_type_they_come_in():
    body = {"Response": {"resultCode": 1, "resultParam": {"resultCode": 2507}}}

    assert reading(body).meaning is ALREADY
    assert reading(body).code == "2507"
    assert reading({"Response": {"resultCode": 0}}).meaning is SUCCESS


@pytest.mark.parametrize(
    ("outer", "code", "status"), [("1", "401", 200), ("401", "", 200), ("401", "401", 200), ("1", "", 401)]
)
def test_a_token_has_expired_in_each_of_three_forms(outer, code, status):
    assert meaning(outer, code, status=status) is EXPIRED


@pytest.mark.parametrize("text", ["Authorization Failed", "authorization failed for this API"])
def test_an_authorization_failure_is_told_by_its_text_too(text):
    assert meaning("1", "7", text) is EXPIRED


@pytest.mark.parametrize(
    ("text", "status"), [("API rate limit exceeded", 200), ("Rate Limit reached", 200), ("", 429), ("anything", 429)]
)
def test_asking_too_often_is_told_by_status_or_text(text, status):
    assert meaning("1", "x", text, status=status) is THROTTLED


@pytest.mark.parametrize(
    "text",
    [
        "API operation has Time out. Please verify the completion of the operation.",
        "The operation timed out",
        "Gateway timeout",
        "Time-out while waiting for the network",
    ],
)
def test_a_timeout_says_nothing_about_the_outcome(text):
    assert meaning("1", "10126", text) is AMBIGUOUS
    assert meaning("1", "", text) is AMBIGUOUS


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("outer", ["0", "1", ""])
def test_a_server_error_says_nothing_about_the_outcome(status, outer):
    assert meaning(outer, "0", status=status) is AMBIGUOUS


@pytest.mark.parametrize("text", ["Plan 'rate limit 10' subscribed", "Created after the earlier call timed out"])
def test_a_success_is_never_sent_again_for_its_words(text):
    """It may be taken as done or be looked up, but not as something that was not done."""
    assert meaning("0", "0", text) in (SUCCESS, AMBIGUOUS)


# --- without an envelope ---


@pytest.mark.parametrize("status", [400, 404, 405, 413, 415, 422])
def test_these_statuses_alone_say_that_nothing_was_done(status):
    assert reading(None, status=status).meaning is REFUSED


@pytest.mark.parametrize(
    "status", [200, 201, 202, 204, 301, 302, 307, 308, 402, 406, 408, 409, 418, 423, 425, 451, 500, 502, 599]
)
@pytest.mark.parametrize("body", [None, {}, {"Response": None}, {"Response": "yes"}, {"Response": []}])
def test_any_other_answer_without_an_envelope_says_nothing(status, body):
    assert reading(body, status=status).meaning is AMBIGUOUS


@pytest.mark.parametrize("status", [408, 409, 425, 499])
@pytest.mark.parametrize("body", [{"Response": {}}, {"Response": {"resultParam": {}}}])
def test_an_empty_envelope_makes_no_status_clearer(status, body):
    assert reading(body, status=status).meaning is AMBIGUOUS


def test_a_401_without_an_envelope_is_an_expired_token():
    assert reading(None, status=401).meaning is EXPIRED


def test_a_429_without_an_envelope_is_asking_too_often():
    assert reading(None, status=429).meaning is THROTTLED


def test_an_envelope_without_any_code_says_nothing():
    assert reading({"Response": {}}).meaning is AMBIGUOUS
    assert reading({"Response": {"resultCode": "2"}}).meaning is AMBIGUOUS


# --- what is kept ---


def test_an_answer_keeps_code_text_and_id():
    found = reading(envelope("1", "10117", "Incorrect  value\nfor field name"))

    assert (found.code, found.text, found.response_id) == ("10117", "Incorrect value for field name", "r-1")


def test_without_an_inner_code_the_outer_one_is_kept():
    assert reading({"Response": {"resultCode": "401"}}).code == "401"
    assert reading(None, status=502).code == "http 502"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(["resultCode", "resultParam", "responseId", "resultDescription", "responseParam", "Response"])
bodies = st.dictionaries(fields, json_values | st.dictionaries(fields, json_values, max_size=4), max_size=4)


@given(body=st.none() | bodies | st.builds(lambda inner: {"Response": inner}, bodies), status=st.integers(200, 599))
def test_any_answer_can_be_read(body, status):
    found = reading(body, status=status)

    assert found.meaning in Meaning
    assert isinstance(found.code, str)
    assert isinstance(found.text, str)


@given(body=bodies, status=st.integers(500, 599))
def test_no_server_error_is_ever_read_as_not_done_for_good(body, status):
    assert reading({"Response": body}, status=status).meaning not in (SUCCESS, REFUSED, EMPTY, ALREADY, BAD_LOGIN)


# --- texts ---

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MDAwMDEifQ.c2lnbmF0dXJl-_x"


@pytest.mark.parametrize(
    "text",
    [
        f"token {TOKEN} has expired",
        f"Bearer {TOKEN}",
        f"bearer\t{TOKEN}",
        f"X-Authorization: Bearer {TOKEN};",
        f'{{"AccessToken":"{TOKEN}"}}',
        TOKEN,
        TOKEN.rpartition(".")[0],
    ],
)
def test_a_token_is_cut_out_of_a_text(text):
    shown = clean(text)

    assert not any(part in shown for part in TOKEN.split("."))
    assert "***" in shown


def test_a_text_is_short_and_on_one_line():
    shown = clean("a\r\nb\tc " + "x" * 5000)

    assert shown.startswith("a b c xxx")
    assert len(shown) == 300


def test_a_token_at_the_end_of_what_is_kept_is_cut_out_too():
    assert "eyJ" not in clean("x" * 290 + " " + TOKEN)


def test_an_ordinary_text_stays_as_it_is():
    assert clean("SIM is already attached to an endpoint") == "SIM is already attached to an endpoint"


# --- Retry-After ---

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("5", 5.0),
        (" 5 ", 5.0),
        ("0.5", 0.5),
        ("1000000000", 1e9),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        ("Sun, 01 Mar 2026 13:30:00 +0100", 1800.0),
    ],
)
def test_a_wait_is_read_in_either_form(header, seconds):
    assert retry_after(header, NOW) == seconds


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "0",
        "-5",
        "nan",
        "inf",
        "1e999",
        "soon",
        "5 s",
        "Sun, 99 Foo 2026",
        format_datetime(NOW - timedelta(seconds=5), usegmt=True),
        "Sun, 01 Mar 2026 12:30:00",
    ],
)
def test_a_useless_wait_is_none(header):
    assert retry_after(header, NOW) is None


@given(st.text(max_size=40))
def test_any_header_can_be_read(header):
    seconds = retry_after(header, NOW)

    assert seconds is None or 0 < seconds < float("inf")
