"""Where a run keeps its record: never in a folder that is deleted when it ends."""

from domain.errors import SettingsError
from tasks import resources


def check_places(work_pool: str | None) -> None:
    """Refuse a run of a worker that would lose its record. Without a work pool a run works in the project's folder.

    A worker starts each run in a temporary folder of its own, where also no settings file lies.

    Raises SettingsError.
    """
    lost = resources.places_not_kept() if work_pool is not None else []
    if lost:
        raise SettingsError(
            f"A run of the work pool {work_pool} works in a folder that is deleted when it ends, and {', '.join(lost)} "
            "would be lost with it; nothing was sent. Give the worker absolute paths: PREACTIVE_CONFIG, or "
            "PREACTIVE_STORE_URL, PREACTIVE_REPORTS_DIR and PREACTIVE_INBOX_DIR."
        )
