"""A platform simulator: a real HTTP server with state, faults that can be replayed, and a ledger of the truth."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapters.platforms.simulator.config import SimulatorConfig
    from adapters.platforms.simulator.simulator import Simulator, run
    from adapters.platforms.simulator.stacuity.config import StacuityConfig
    from adapters.platforms.simulator.stacuity.server import StacuitySimulator

__all__ = ["Simulator", "SimulatorConfig", "StacuityConfig", "StacuitySimulator", "run"]

_HOMES = {
    "SimulatorConfig": "config",
    "Simulator": "simulator",
    "StacuityConfig": "stacuity.config",
    "StacuitySimulator": "stacuity.server",
    "run": "simulator",
}


def __getattr__(name: str) -> Any:
    """Import the server only when it is asked for, so that `stock` can be used without aiohttp."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
