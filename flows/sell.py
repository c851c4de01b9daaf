"""One order gets one endpoint, now."""

import asyncio
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed

from domain.events import RUN_HAS_FAILURES
from domain.order import TAKEN_BACK, OrderState, SellRequest
from flows.running import run_id, told_flow
from tasks import selling
from tasks.events import tell


@flow(name="sell", flow_run_name="sell {request.order}", persist_result=False, log_prints=False)
@told_flow
async def sell(request: SellRequest) -> State[Any]:
    """Reserve a pre-active endpoint for the order, activate it and put it into the group. Again: the same endpoint."""
    shown = selling.shown_here.get(None)
    if shown is not None:  # the order service is at it; this run is there to be seen
        ended = await asyncio.shield(shown)
        return _end(ended.state, ended.message, None)
    order = await selling.sold(request, lambda words: _tell(request, words))
    return _end(order.state, order.sentence(), order)


def _tell(request: SellRequest, words: str) -> None:
    tell(RUN_HAS_FAILURES, f"preactive.order.{request.order}", {"batch": "", "run": run_id(), "sentence": words})


_TAKEN_BACK = frozenset(state.value for state in TAKEN_BACK)


def _end(state: str, message: str, data: Any) -> State[Any]:
    end = Completed if state == OrderState.DONE else Cancelled if state in _TAKEN_BACK else Failed
    return end(message=message, data=data)
