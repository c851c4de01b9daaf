"""Where a run keeps its record: never in a folder that is deleted when it ends."""

from domain.errors import SettingsError
from tasks import resources


def check_places(work_pool: str | None) -> None:
    """Refuse a run of a worker that would lose its record. Without a work pool a run works in the project's folder.

    A worker starts each run in a temporary folder of its own, where also no settings file lies.

    Raises SettingsError.
    """
    if work_pool is None:
        return
    lost = resources.places_not_kept()
    without = "" if resources.has_settings() else "it has no settings file"
    losing = f"{', '.join(lost)} would be lost with it" if lost else ""
    wrong = " and ".join(filter(None, (without, losing)))
    if wrong:
        raise SettingsError(
            f"A run of the work pool {work_pool} works in a folder that is deleted when it ends; {wrong}, so nothing "
            "was sent. Give the worker absolute paths: PREACTIVE_CONFIG, or PREACTIVE_STORE_URL, "
            "PREACTIVE_REPORTS_DIR, PREACTIVE_INBOX_DIR and its accounts."
        )
