"""Named fault profiles: rules for single requests, and ways in which the platform as a whole behaves."""

from typing import Any

BEHAVIOURS = frozenset(
    {
        "suspend_is_final",
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
# The faults that have a form on this platform; the others are of SIM for Things alone.
FAULTS = frozenset(
    {
        "error_before",
        "error_after",
        "hang_before",
        "hang_after",
        "late_commit",
        "reset_before",
        "reset_after",
        "cut_body",
        "html_502",
        "unavailable",
        "forbidden",
        "redirect",
        "drip",
        "throttle",
        "refused",
        "token_expired",
        "filter_ignored",
        "empty_id",
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
        raise ValueError(f"no fault profile {unknown[0]!r}; profiles are {', '.join(PROFILES)}")
    return {
        "faults": [rule for name in names for rule in RULES.get(name, ())],
        "behaviours": sorted(BEHAVIOURS.intersection(names)),
    }
