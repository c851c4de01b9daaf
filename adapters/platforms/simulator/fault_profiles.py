"""Named fault profiles for `--faults`."""

from typing import Any

_HANG_SECONDS = 15.0  # long enough for a client to give up, short enough for a test run

PROFILES: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "errors": [{"fault": "error_after", "route": "CreateEndPoint", "probability": 0.2}],
    "hangs": [{"fault": "hang_after", "route": "CreateEndPoint", "probability": 0.05}],
    "storm": [
        {"fault": "throttle", "probability": 0.3, "retry_after": "1"},
        {"fault": "throttle", "probability": 0.1},
        {"fault": "throttle", "probability": 0.05, "form": "envelope"},
        {"fault": "throttle", "probability": 0.02, "retry_after": "date"},
        {"fault": "throttle", "probability": 0.02, "retry_after": "soon"},
        {"fault": "throttle", "probability": 0.02, "retry_after": "-5"},
    ],
    "chaos": [
        {"fault": "error_before", "probability": 0.02},
        {"fault": "error_after", "probability": 0.03},
        {"fault": "timeout_code_applied", "route": "CreateEndPoint", "probability": 0.02, "late": 1.0},
        {"fault": "timeout_code_applied", "route": "EndPointActivation", "probability": 0.02},
        {"fault": "hang_after", "route": "CreateEndPoint", "probability": 0.01, "seconds": _HANG_SECONDS},
        {"fault": "hang_before", "route": "CreateEndPoint", "probability": 0.01, "seconds": _HANG_SECONDS},
        {
            "fault": "late_commit",
            "route": "CreateEndPoint",
            "probability": 0.01,
            "late": 20.0,
            "seconds": _HANG_SECONDS,
        },
        {"fault": "reset_before", "probability": 0.02},
        {"fault": "reset_after", "probability": 0.02},
        {"fault": "cut_body", "probability": 0.01},
        {"fault": "cut_body", "probability": 0.01, "form": "close"},
        {"fault": "html_502", "probability": 0.01, "when": "before"},
        {"fault": "html_502", "probability": 0.01, "when": "after"},
        {"fault": "unavailable", "probability": 0.01},
        {"fault": "throttle", "probability": 0.03, "retry_after": "1"},
        {"fault": "throttle", "probability": 0.01, "form": "envelope"},
        {"fault": "token_expired", "probability": 0.01},
        {"fault": "empty_id", "route": "CreateEndPoint", "probability": 0.01},
    ],
}
