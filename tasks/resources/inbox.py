"""Opens the inbox folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from adapters import settings
from domain.errors import FileRefused
from domain.problems import FileCode
from domain.requests import InboxRequest

if TYPE_CHECKING:
    from adapters.files.inbox import Inbox

STAYS = frozenset({FileCode.UNREADABLE, FileCode.CHANGED})  # the next look may find the file whole and readable


@contextmanager
def open_inbox(request: InboxRequest) -> Iterator["Inbox"]:
    """The inbox of the settings, or a folder in it; no other process reads it meanwhile."""
    from adapters.files.inbox import open_inbox as open_folder

    folder = settings.load().inbox_dir
    if request.folder is not None:
        folder = folder / request.folder
    with open_folder(folder, settle_seconds=request.settle_seconds) as opened:
        yield opened


def stays(error: Exception) -> bool:
    """Whether a file that met this error stays in the inbox."""
    return isinstance(error, FileRefused) and error.code in STAYS
