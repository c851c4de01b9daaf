"""A secret that was read is in no log line, whoever writes it and however."""

import io
import logging
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from adapters import redaction

SECRET = "canary-of-a-password"


@pytest.fixture
def log(monkeypatch) -> Iterator[io.StringIO]:
    """What a handler that knows nothing of us writes."""
    monkeypatch.setattr(redaction, "_known", set())
    make, written = logging.getLogRecordFactory(), io.StringIO()
    handler = logging.StreamHandler(written)
    logger = logging.getLogger("somebody.elses")
    logger.addHandler(handler)
    redaction.hide(SecretStr(SECRET), SecretStr(""), SecretStr("abc"))
    yield written
    logger.removeHandler(handler)
    logging.setLogRecordFactory(make)


def test_a_secret_is_hidden_in_a_message_and_in_what_is_put_into_it(log):
    logger = logging.getLogger("somebody.elses")
    logger.warning("sent %s to %s", {"password": SECRET}, "there")
    logger.warning(f"Bearer {SECRET}")

    assert log.getvalue() == "sent {'password': '***'} to there\nBearer ***\n"


def test_a_secret_is_hidden_in_a_traceback(log):
    def fail():
        raise ValueError(f"{SECRET} is wrong")

    try:
        fail()
    except ValueError:
        logging.getLogger("somebody.elses").exception("it failed")

    assert SECRET not in log.getvalue()
    assert "ValueError: *** is wrong" in log.getvalue()
    assert "in fail" in log.getvalue()


def test_all_other_lines_stay_as_they_are(log):
    logging.getLogger("somebody.elses").warning("abc of %d", 7)

    assert log.getvalue() == "abc of 7\n"
