"""Files and folders that only their owner may look into: stores, request lists, error details."""

import os
import resource
from pathlib import Path


def private_folder(path: Path) -> Path:
    """Make a folder, and the missing ones above it, so that only the owner may enter."""
    for folder in reversed((path, *path.parents)):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    return path


def private_file(path: Path) -> None:
    """Make an empty file that only the owner may read, unless there is one already."""
    if path.exists():
        return
    private_folder(path.parent)
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def no_core_dumps() -> None:
    """Leave no image of this process's memory behind when it crashes; it holds passwords and tokens."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
