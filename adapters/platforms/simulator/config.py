"""Every knob of the simulator, with bounds and defaults."""

import ipaddress
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from adapters.platforms.simulator.faults import FaultRule, load_faults


def _as_range(value: Any) -> Any:
    """Allow one number, or text such as `1-3`, where a range of seconds is meant."""
    if isinstance(value, str):
        value = [float(part) for part in value.replace(",", "-").split("-")]
        value = value * 2 if len(value) == 1 else value
    return (value, value) if isinstance(value, int | float) else value


Seconds = Annotated[float, Field(ge=0, le=86_400)]
SecondsRange = Annotated[tuple[Seconds, Seconds], BeforeValidator(_as_range)]


class SimulatorConfig(BaseModel):
    """What the simulated platform is and how badly it behaves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    platform: str = "sft"
    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65_535)
    allow_remote: bool = False
    seed: int = 1
    stock: int = Field(default=1000, ge=0, le=1_000_000)
    iccids: Path | None = None

    tenant: str = Field(default="", max_length=64, description="its tenant's own id; without one, a new id each time")
    username: str = "api-user"
    password: str = "demo-password"  # noqa: S105 - the simulator's own, made up
    reseller_username: str = "reseller-user"
    reseller_password: str = "demo-password"  # noqa: S105 - the simulator's own, made up
    access_seconds: float = Field(default=600, gt=0)
    refresh_seconds: float = Field(default=3600, gt=0)
    expired_form: int = Field(default=1, ge=1, le=3)
    login_revokes: bool = False
    token_calls: int | None = Field(default=None, ge=1, description="an access token serves so many calls")

    rate_per_second: float = Field(default=2.0, ge=0, description="0 means no limit")
    burst: float | None = Field(default=None, ge=1)
    rate_form: Literal["http429", "envelope"] = "http429"
    retry_after: str | None = None

    latency_read: SecondsRange = (0.2, 0.2)
    latency_write: SecondsRange = (1.0, 3.0)
    latency_login: SecondsRange = (0.2, 0.2)
    read_lag: Seconds = 2.0

    bulk: Literal["absent", "async", "sync"] = "absent"
    bulk_row_seconds: Seconds = 0.5
    set_b_aliases: bool = False
    set_b_tags: bool = True
    oem: bool = False
    max_per_page: int = Field(default=250, ge=1)
    duplicates: bool = Field(default=False, description="a SIM that has an endpoint gets another when asked")
    no_match: Literal["empty", "1359"] = "empty"

    faults: Annotated[tuple[FaultRule, ...], BeforeValidator(load_faults)] = ()
    journal: bool = True
    tls_cert: Path | None = None
    tls_key: Path | None = None
    ledger_file: Path | None = None
    state_file: Path | None = None

    @field_validator("platform")
    @classmethod
    def _known_platform(cls, value: str) -> str:
        if value not in ("sft", "stacuity"):
            raise ValueError(f"unknown platform {value!r}; sft and stacuity can be simulated")
        return value

    @field_validator("latency_read", "latency_write", "latency_login")
    @classmethod
    def _low_before_high(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] > value[1]:
            raise ValueError("a latency range goes from low to high")
        return value

    @model_validator(mode="after")
    def _loopback_only(self) -> Self:
        if not (self.allow_remote or _is_loopback(self.host)):
            raise ValueError(
                f"refusing to listen on {self.host}: the admin door has no login; set allow_remote to do so"
            )
        return self

    @property
    def bucket_size(self) -> float:
        """How many requests may come at once after a pause."""
        return max(1.0, self.rate_per_second) if self.burst is None else self.burst


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
