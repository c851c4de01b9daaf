"""One order gets one endpoint, now."""

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from domain.order import Order, OrderState, SellRequest
from flows.running import told_flow
from tasks import selling


@flow(name="sell", flow_run_name="sell {request.order}", persist_result=False, log_prints=False)
@told_flow
async def sell(request: SellRequest) -> State[Order]:
    """Reserve a pre-active endpoint for the order, activate it and put it into the group. Again: the same endpoint."""
    order = await selling.sold(request)
    end = Completed if order.state is OrderState.DONE else Failed
    return end(message=order.sentence(), data=order)
