"""A platform's words are made safe once, where they are read: nothing that shows them later need think of it."""

import pytest

from adapters.platforms.sft import parse as sft
from adapters.platforms.sft import wire as sft_wire
from adapters.platforms.stacuity import parse as stacuity
from adapters.platforms.stacuity import wire as stacuity_wire
from adapters.platforms.stacuity.editing import compared
from adapters.platforms.texts import clean
from adapters.platforms.transport import Reply
from domain.endpoint import usable_id
from domain.outcome import Answer, Verdict

HOSTILE = "\x1b[2J\x1b]0;t\x07<img src=x onerror=a()> [x](javascript:a()) ![y](z) `c` a|b\r\n# h \u202eevil\x9b31m \x00"
ACTS = ("\x1b", "\x9b", "\x07", "\x00", "\n", "\r", "<", ">", "](", "![", "`", "|", "\u202e", "eyJ")


def is_safe(text):
    return not any(sign in text for sign in ACTS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Endpoint is  already\n active", "Endpoint is already active"),
        ("\x1b[31;1mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x07", "link"),
        ("\x1b", ""),
        ("a\x00b\x7f", "a\ufffdb\ufffd"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("zero\u200bwidth", "zero\ufffdwidth"),
        ("<b>x</b>", "\u2039b\u203ax\u2039/b\u203a"),
        ("[x](javascript:a)", "(x)(javascript:a)"),
        ("a|b `c`", "a\u00a6b 'c'"),
        ("Bearer abc.def", "***"),
        ("eyJhbGciOiJI\x00UzI1NiJ9.e30.sig", "eyJhbGciOiJI\ufffdUzI1NiJ9.e30.sig"),
        ("eyJh\x1b[0mbGciOiJIUzI1NiJ9.e30.sig", "***"),
        ("grüße 中文 stuck_suspended", "grüße 中文 stuck_suspended"),
    ],
)
def test_a_text_keeps_its_words_and_loses_what_acts(text, shown):
    assert clean(text) == shown


def test_a_text_is_cleaned_once_and_for_all():
    assert is_safe(clean(HOSTILE))
    assert clean(clean(HOSTILE)) == clean(HOSTILE)
    assert len(clean("x" * 999)) == 300


def reply(body, kind="application/json"):
    return Reply(200, body, None, 0.0, 0.0, kind=kind)


def envelope(**response):
    inner = {"resultCode": HOSTILE, "resultDescription": HOSTILE}
    return {"Response": {"resultCode": "1", "responseId": HOSTILE, "resultParam": inner, **response}}


def is_clean(value):
    """Whether nothing acts in what is shown of a value. Around names of states its representation has signs too."""
    shown = repr(value).replace("<Lifecycle", "").replace("<NetworkState", "").replace("<GroupKind", "")
    return not any(sign in shown for sign in ("\\x1b", "\\x9b", "\\x07", "\\x00", "<img", "](", "![", "`", "\\u202e"))


def test_nothing_that_sft_says_acts_anywhere():
    reading = sft_wire.read(reply(envelope()))
    assert is_safe(reading.code + reading.text + reading.response_id)

    row = {"iccid": "8944", "endPointId": "1", "simStatus": HOSTILE}
    success = sft_wire.Reading(sft_wire.Meaning.SUCCESS, "0", "", "", {"responseParam": {"rows": [row]}})
    assert is_clean(sft.readable_sims(success))
    tags = sft_wire.Reading(sft_wire.Meaning.SUCCESS, "0", "", "", {"rows": [{"tagName": HOSTILE}]})
    assert is_clean(sft.tags_in(tags, "1"))
    assert is_safe(reply(None, kind=HOSTILE).oddity)


def test_nothing_that_stacuity_says_acts_anywhere():
    assert is_safe(stacuity_wire.read(reply({"success": False, "messages": [HOSTILE]})).text)
    assert is_safe(stacuity_wire.read(reply({"title": HOSTILE, "errors": {HOSTILE: [HOSTILE]}})).text)
    lookup = {"key": 99, "moniker": HOSTILE}
    named = {"id": "V1", "moniker": HOSTILE}
    group = {"id": "G1", "moniker": HOSTILE, "name": HOSTILE, "vslice": named, "apn": HOSTILE, "ipv4Subnet": HOSTILE}
    others = {"primaryGroup": named, "secondaryGroups": [named], "routingPolicy": HOSTILE, "subscriptionType": lookup}
    assert is_clean(stacuity.group(group | others))
    assert is_clean(stacuity.vslice(named | {"subnets": [HOSTILE], "apnPatterns": [HOSTILE]}))
    assert is_clean(stacuity.policy({"id": "P1", "vslice": named}))
    assert is_clean(stacuity.status(lookup))
    assert is_clean(stacuity.event({"eventId": "1", "eventType": HOSTILE, "eventTime": "2026-01-01T00:00:00Z"}))
    one = stacuity.endpoint({"id": "E1", "endpointGroup": named, "tags": [HOSTILE], "endpointStatus": lookup})
    assert is_clean((one.state_text, one.group_name))
    assert one.tags == (HOSTILE,), "an edit writes back what it read"
    assert is_safe(compared(Answer(Verdict.DONE), one, one, stacuity.endpoint({"id": "E1", "tags": []})).text)


@pytest.mark.parametrize("value", ["<b>", "[x](y)", "`id`", "a|b", 'a"b', "a'b", "a\\b"])
def test_an_id_that_would_act_is_none(value):
    assert usable_id(value) is None
