"""Where tests keep databases: in memory if there is room, since what they hold need not outlive them."""

import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ENOUGH = 2**30


def quick_folder(prefix: str) -> Path:
    """A new folder that its maker removes. Its path is short: that of a socket may have a hundred characters."""
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ENOUGH
    return Path(tempfile.mkdtemp(prefix=prefix, dir=_MEMORY if roomy else "/tmp"))
