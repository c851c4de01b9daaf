"""Answers that make no sense, and what a write never tells."""

import pytest

from domain.lifecycle import Kind
from domain.outcome import Verdict
from tests.support.scripted_server import raw
from tests.support.sft import PASSWORD

DONE, NOT_DONE, UNKNOWN = Verdict
CREATE = "CreateEndPoint"


def outcome(answer):
    return (answer.verdict, answer.because)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"yes"',
        b"{",
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"Response": {"resultCode": ' + b"9" * 5000 + b"}}",
        b'{"Response": "0"}',
        b'{"Response": {"resultCode": "0", "resultCode": "1"',
    ],
)
async def test_an_answer_that_makes_no_sense_is_an_unknown_outcome(serve, body):
    client, server = await serve()
    server.answers["/api/CreateEndPoint"] = raw(body)

    assert outcome(await client.perform(Kind.CREATE)) == (UNKNOWN, None)


async def test_a_write_never_holds_the_password(serve):
    client, server = await serve()
    await client.perform(Kind.CREATE)

    login, *others = server.requests
    assert PASSWORD.encode() in login.body
    assert not any(PASSWORD.encode() in other.body for other in others)
