"""The fault plan: which request goes wrong, and how; the same seed always picks the same calls."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from adapters.platforms.simulator.fault_profiles import PROFILES

Fault = Literal[
    "error_before",
    "error_after",
    "timeout_code_applied",
    "hang_before",
    "hang_after",
    "late_commit",
    "reset_before",
    "reset_after",
    "cut_body",
    "html_502",
    "unavailable",
    "throttle",
    "forbidden",
    "refused",
    "redirect",
    "token_expired",
    "drip",
    "empty_id",
    "duplicate_id",
    "wrong_iccid",
    "two_rows",
    "filter_ignored",
    "accepted",
    "error_body",
    "conflict",
    "replayed",
    "false_yes",
    "undone",
    "outsider",
    "odd_id",
    "odd_json",
    "odd_pages",
    "odd_date",
    "odd_tag",
    "bulk_part",
    "bulk_missing",
    "bulk_shuffled",
    "bulk_cut",
]

FORMS: dict[Fault, tuple[str, ...]] = {
    "reset_before": ("rst", "fin"),
    "reset_after": ("rst", "fin"),
    "cut_body": ("short", "close"),
    "throttle": ("http429", "envelope"),
    "token_expired": ("1", "2", "3"),
    "wrong_iccid": ("other", "spaced", "padded", "short", "number", "float"),
    "accepted": ("late", "never"),
    "conflict": ("bare", "envelope"),
    "outsider": ("create", "activate", "suspend", "delete"),
    "odd_id": ("number", "huge", "uuid", "float", "empty", "null"),
    "odd_json": ("twice", "nan", "deep", "bomb"),
    "odd_pages": ("skip", "repeat", "endless"),
    "odd_date": ("ahead", "behind"),
    "odd_tag": ("cut", "lower"),
}


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, int | str) else value


def _as_route(value: Any) -> Any:
    """Accept `CreateEndPoint`, `/CreateEndPoint` and `/api/CreateEndPoint`."""
    if not isinstance(value, str) or value == "*":
        return value
    return "/" + value.removeprefix("/api").lstrip("/")


class FaultRule(BaseModel):
    """One fault and the requests it hits: all conditions given must hold, and without any it hits every call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fault: Fault
    route: Annotated[str, BeforeValidator(_as_route)] = "*"
    probability: float | None = Field(default=None, ge=0, le=1)
    nth: Annotated[list[int] | None, BeforeValidator(_as_list)] = None
    iccids: Annotated[list[str] | None, BeforeValidator(_as_list)] = Field(
        default=None, description="ICCIDs or prefixes"
    )
    times: int | None = Field(default=None, ge=1, description="how often it fires at most")
    start: float | None = Field(default=None, ge=0, description="seconds since the plan was set")
    stop: float | None = Field(default=None, ge=0, description="seconds since the plan was set")

    when: Literal["before", "after"] | None = Field(default=None, description="before or after the commit")
    late: float = Field(default=0.0, ge=0, description="seconds from the request to the commit")
    delay: float = Field(default=0.0, ge=0, description="seconds before the answer; for drip, between two bytes")
    seconds: float = Field(default=200.0, ge=0, description="how long a hang lasts")
    status: int | None = Field(default=None, ge=200, le=599)
    form: str | None = Field(default=None, description="a variant of the fault, see FORMS")
    code: str = "10117"
    count: int | None = Field(default=None, ge=0, description="rows of a bulk call; megabytes of a compressed body")
    retry_after: str | None = Field(default=None, description="a header value, or `date` for an HTTP date in 5 s")
    location: str = "http://elsewhere.invalid/api"

    @model_validator(mode="after")
    def _known_form(self) -> Self:
        if self.form is not None and self.form not in FORMS.get(self.fault, ()):
            raise ValueError(
                f"{self.fault} has no form {self.form!r}; it has {', '.join(FORMS.get(self.fault, ('none',)))}"
            )
        return self


def load_faults(value: Any) -> Any:
    """Turn a profile name or the path of a JSON file into its rules; leave rules as they are."""
    if value is None:
        return ()
    if isinstance(value, str) and value in PROFILES:
        return PROFILES[value]
    if isinstance(value, str | Path):
        return _from_file(Path(value))
    return value


def _from_file(path: Path) -> Any:
    if not path.is_file():
        raise ValueError(f"no fault profile or file {str(path)!r}; profiles are {', '.join(PROFILES)}")
    return json.loads(path.read_text(encoding="utf-8"))


class FaultPlan:
    """The rules in force, the calls seen on each route, and how often each rule has fired."""

    def __init__(
        self, rules: tuple[FaultRule, ...] = (), *, seed: int = 1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rules = rules
        self.fired: Counter[int] = Counter()
        self._seed = seed
        self._calls: Counter[str] = Counter()
        self._clock = clock
        self._since = clock()

    def next_call(self, route: str) -> int:
        """Number the calls of a route from 1."""
        self._calls[route] += 1
        return self._calls[route]

    def pick(self, route: str, number: int, iccids: Callable[[], Iterable[str]]) -> FaultRule | None:
        """Return the first rule that hits this call."""
        for index, rule in enumerate(self.rules):
            if rule.route in ("*", route) and self._hits(index, rule, route, number, iccids):
                self.fired[index] += 1
                return rule
        return None

    def as_json(self) -> list[dict[str, Any]]:
        """Return the rules with how often each has fired."""
        return [
            {**rule.model_dump(exclude_defaults=True), "fired": self.fired[index]}
            for index, rule in enumerate(self.rules)
        ]

    def _hits(self, index: int, rule: FaultRule, route: str, number: int, iccids: Callable[[], Iterable[str]]) -> bool:
        if rule.times is not None and self.fired[index] >= rule.times:
            return False
        if rule.nth is not None and number not in rule.nth:
            return False
        if not self._in_time(rule):
            return False
        if rule.iccids is not None and not any(iccid.startswith(tuple(rule.iccids)) for iccid in iccids()):
            return False
        return rule.probability is None or draw(self._seed, route, number, index) < rule.probability

    def _in_time(self, rule: FaultRule) -> bool:
        if rule.start is None and rule.stop is None:
            return True
        age = self._clock() - self._since
        return (rule.start or 0.0) <= age < (float("inf") if rule.stop is None else rule.stop)


def draw(seed: int, route: str, number: int, purpose: object) -> float:
    """Return a number in [0, 1) that depends only on the call, so that a run replays however calls interleave."""
    return random.Random(f"{seed}|{route}|{number}|{purpose}").random()  # noqa: S311 - repeatable on purpose
