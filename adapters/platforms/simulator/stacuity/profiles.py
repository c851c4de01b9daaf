"""Named fault profiles: rules for single requests, and ways in which the platform as a whole behaves."""

from typing import Any

BEHAVIOURS = frozenset(
    {
        "suspend_is_final",
        "repeats_taken",
        "retry",
        "http_errors",
        "slow",
        "stale_counts",
        "partial_bulk",
        "duplicate_events",
        "lost_events",
        "filter_ignored",
        "unknown_status",
        "concurrent_editor",
        "throttle",
    }
)
_HANG_SECONDS = 15.0
_WRITES = ("assign", "edit", "claim", "change_status")
RULES: dict[str, list[dict[str, Any]]] = {
    "timeout_after_commit": [
        {"fault": "hang_after", "route": route, "probability": 0.05, "seconds": _HANG_SECONDS} for route in _WRITES
    ],
    "html_500": [
        {"fault": "html_502", "status": 500, "probability": 0.05, "when": "before"},
        {"fault": "html_502", "status": 500, "probability": 0.05, "when": "after"},
    ],
}
PROFILES = ("none", *sorted({*BEHAVIOURS, *RULES}))


def settings_of(profile: str) -> dict[str, Any]:
    """The rules and behaviours of a profile; several are joined by `+`."""
    names = [name for name in profile.split("+") if name != "none"]
    if unknown := [name for name in names if name not in PROFILES]:
        raise ValueError(f"no fault profile or file {unknown[0]!r}; profiles are {', '.join(PROFILES)}")
    return {
        "faults": [rule for name in names for rule in RULES.get(name, ())],
        "behaviours": sorted(BEHAVIOURS.intersection(names)),
    }
