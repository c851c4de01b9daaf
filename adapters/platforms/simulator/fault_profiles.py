"""Named fault profiles for `--faults`."""

from typing import Any

_BROWNOUT = 0.05
_CREATE, _ACTIVATE, _TAG = "CreateEndPoint", "EndPointActivation", "createEndpointTag"
_SIMS, _BULK = "fetchSIM", "CreateBulkEndPoint"
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


def _of(fault: str, *variants: dict[str, Any], **common: Any) -> list[dict[str, Any]]:
    """The variants of a fault, which share its part of the calls."""
    share = _BROWNOUT / max(1, len(variants))
    return [{"fault": fault, "probability": share, **common, **variant} for variant in variants or ({},)]


def _forms(fault: str, *forms: str, **common: Any) -> list[dict[str, Any]]:
    return _of(fault, *({"form": form} for form in forms), **common)


# Everything that can go wrong at once, each in one call of twenty; most calls are hit by something.
PROFILES["brownout"] = [
    *_of("token_expired"),
    *_of("forbidden", route=_CREATE),
    *_of("refused", {"status": 400}, {"status": 422}, route=_CREATE),
    *_of("throttle", {"retry_after": "2"}, {"form": "envelope"}),
    *_of("throttle", *({"retry_after": header} for header in ("date", "-5", "1000000000", "soon")), {}),
    *_of("throttle", when="after"),
    *_of("unavailable"),
    *_of("error_before"),
    *_of("error_after"),
    *_of("timeout_code_applied", {}, {"late": 10.0}),
    *_of("hang_after"),
    *_of("late_commit", {"late": 1.0}, {"late": 40.0}),
    *_of("hang_before"),
    *_of("reset_before"),
    *_of("reset_after"),
    *_forms("cut_body", "short", "close"),
    *_of("drip", delay=1.0),
    *_forms("reset_before", "fin"),
    *_forms("reset_after", "fin"),
    *_of("bulk_part", {}, {"status": 207}, route=_BULK),
    *_of("bulk_missing", route=_BULK),
    *_of("bulk_shuffled", route=_BULK),
    *_of("bulk_cut", route=_BULK),
    *_of("html_502", status=200),
    *_of("error_body"),
    *_of("accepted", {"late": 30.0}, {"form": "never"}),
    *_of("replayed"),
    *_of("duplicate_id", route=_CREATE),
    *_of("filter_ignored", route=_SIMS),
    *_of("two_rows", route=_SIMS),
    *_forms("odd_pages", "skip", "repeat", "endless", route=_SIMS),
    *_forms("wrong_iccid", "spaced", "padded", "short", "number", "other", route=_SIMS),
    *_forms("odd_id", "number", "huge", "uuid", "empty", "null", route=_CREATE),
    *_forms("odd_json", "twice", "nan", "deep"),
    *_forms("odd_json", "bomb", count=20, times=3),
    *_of("undone", {"route": _CREATE}, {"route": _ACTIVATE}, late=60.0),
    *_of("false_yes"),
    *_of("conflict", {"when": "after"}, {}, route=_CREATE),
    *_forms("odd_tag", "cut", "lower", route=_TAG),
    *_of("redirect"),
    *_forms("odd_date", "ahead", "behind"),
    *_forms("outsider", "create", "delete", route=_CREATE),
    *_forms("outsider", "activate", "suspend", "delete", route=_ACTIVATE),
]
