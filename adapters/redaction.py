"""Secrets that this process has read do not get into log lines, whoever writes them: Prefect keeps its logs."""

import logging
import traceback
from collections.abc import Callable
from typing import Any

from pydantic import SecretStr

_HIDDEN = "***"
_SHORTEST = 6  # a shorter one stands in ordinary words too
_known: set[str] = set()


def hide(*secrets: SecretStr) -> None:
    """Keep these out of every log line from now on."""
    new = {value for secret in secrets if len(value := secret.get_secret_value()) >= _SHORTEST}
    if new and not _known:
        logging.setLogRecordFactory(_cleaning(logging.getLogRecordFactory()))
    _known.update(new)


def _cleaning(make: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    def made(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        text = record.getMessage()
        if record.exc_info:
            text = "\n".join((text, *traceback.format_exception(*record.exc_info)))
        if any(secret in text for secret in _known):
            # The exception goes with it, or a handler would write it once more in its own way.
            record.msg, record.args, record.exc_info = without_secrets(text), None, None
        return record

    return made


def without_secrets(text: str) -> str:
    """A text without the secrets that this process has read."""
    for secret in _known:
        text = text.replace(secret, _HIDDEN)
    return text
