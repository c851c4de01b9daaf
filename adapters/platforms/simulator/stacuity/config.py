"""The knobs of the Stacuity simulator: those of every simulator, and its own."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from adapters.platforms.simulator.config import SecondsRange, SimulatorConfig
from adapters.platforms.simulator.stacuity.profiles import BEHAVIOURS, settings_of

TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - the simulator's own, made up


class StacuityConfig(SimulatorConfig):
    """What the simulated platform is and how badly it behaves."""

    platform: str = "stacuity"
    token: str = Field(default=TOKEN, pattern=r"^[0-9a-f]{32}$")
    disabled_tokens: tuple[str, ...] = ()
    fixtures: Literal["full", "objects"] = "full"
    claim_stock: int = Field(default=50, ge=0, le=1_000_000)
    strict: bool = True
    direct_secondary: bool = Field(default=False, description="endpoints may be assigned to a secondary group")
    behaviours: frozenset[str] = frozenset()

    rate_per_second: float = Field(default=0, ge=0, description="0 means no limit")
    latency_read: SecondsRange = (0.05, 0.05)
    latency_write: SecondsRange = (0.05, 0.05)

    @model_validator(mode="before")
    @classmethod
    def _profile(cls, values: Any) -> Any:
        """Turn a profile's name into its rules and behaviours."""
        wanted = values.get("faults") if isinstance(values, dict) else None
        if isinstance(wanted, str) and not Path(wanted).is_file():
            values = {**values, **settings_of(wanted)}
        if isinstance(values, dict) and values.get("state_file"):
            raise ValueError("the simulator of stacuity keeps no state file")
        return values

    @field_validator("behaviours")
    @classmethod
    def _known(cls, value: frozenset[str]) -> frozenset[str]:
        if unknown := value - BEHAVIOURS:
            raise ValueError(f"no such behaviour: {', '.join(sorted(unknown))}")
        return value

    @model_validator(mode="after")
    def _possible(self) -> Self:
        from adapters.platforms.simulator.stacuity.injection import INJECTIONS  # noqa: PLC0415 - it knows the account

        if unknown := sorted({rule.fault for rule in self.faults} - INJECTIONS.keys()):
            raise ValueError(f"stacuity has no such fault: {', '.join(unknown)}")
        return self

    @property
    def allowed_rate(self) -> float:
        """Requests a second that are answered; 0 means no limit."""
        return 10.0 if "throttle" in self.behaviours else self.rate_per_second
