"""Which jobs and runs a living process is at, shown by locks that end with their process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters import settings
from adapters.file_lock import hold, is_held


@contextmanager
def only_one(job: str) -> Iterator[bool]:
    """Hold the lock of a job for the length of a with block; False when another living process is at it.

    Raises StoreUnavailable.
    """
    from adapters.store.exclusive import exclusive

    with exclusive(settings.load().store_url, job) as is_ours:
        yield is_ours


@contextmanager
def living_run(folder: Path, run: str) -> Iterator[None]:
    """Show for the length of a with block that a process of this machine is at a run of Prefect."""
    with hold(folder / run):
        yield
    (folder / run).unlink(missing_ok=True)


def is_alive(folder: Path, run: str) -> bool:
    """Whether a process of this machine is at a run of Prefect."""
    return is_held(folder / run)


def places_not_kept() -> list[str]:
    """The settings that name a place relative to the folder of the process.

    Raises SettingsError.
    """
    made = settings.load()
    path = made.store_url.partition("///")[2]
    embedded = made.store_url.startswith("sqlite") and not path.startswith(("/", ":memory:"))
    relative = [name for name in ("reports_dir", "inbox_dir") if not getattr(made, name).is_absolute()]
    return ["store_url"] * embedded + relative


def has_settings(*, anywhere: bool = False) -> bool:
    """Whether somebody wrote settings for this process; `anywhere`: also for one that works in another folder."""
    return settings.are_told(anywhere=anywhere)
