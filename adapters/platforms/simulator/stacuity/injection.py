"""Faults of a Stacuity account: those of every platform. SFT's own time-out and bulk calls are not known here."""

from adapters.platforms.simulator.faults import FaultRule
from adapters.platforms.simulator.injection import ANYWHERE, Response
from adapters.platforms.simulator.stacuity.exchange import StacuityExchange

INJECTIONS = ANYWHERE


async def inject(exchange: StacuityExchange, rule: FaultRule) -> Response:
    """Answer the exchange in the way the fault wants it."""
    return await INJECTIONS[rule.fault](exchange, rule)
