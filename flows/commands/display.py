"""A progress bar on a terminal, nothing when the output is piped."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from domain.ports import Outlook
from tasks import progress


@contextmanager
def display() -> Iterator[None]:
    """Show progress on standard error while the block runs."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        row = bar.add_task("", total=None)

        def show(done: int, total: int, outlook: Outlook) -> None:
            bar.update(row, completed=done, total=total, description=progress.describe(outlook))

        progress.listeners.append(show)
        try:
            yield
        finally:
            progress.listeners.remove(show)
