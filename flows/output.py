"""What a run writes to its output, once nobody reads it any more."""

import logging
from collections.abc import Iterator
from functools import partial

from rich.console import Console


def outlive_reader() -> None:
    """Let a log line to a closed pipe be lost, instead of ending the run that wrote it.

    A run's output is a pipe that its worker, or what serves its deployment, reads. Where that dies, rich would end the
    process at the next line; the lines still reach the Prefect API.
    """
    for console in _consoles():
        console.on_broken_pipe = partial(setattr, console, "quiet", True)  # type: ignore[method-assign]


def _consoles() -> Iterator[Console]:
    loggers = [logging.getLogger(), *logging.root.manager.loggerDict.values()]
    for logger in loggers:
        for handler in getattr(logger, "handlers", ()):
            console = getattr(handler, "console", None)
            if isinstance(console, Console):
                yield console
