"""sell, and the commands of orders."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands import running
from flows.commands.options import Account, Json, Yes
from flows.commands.printing import show, when

if TYPE_CHECKING:
    from domain.order import Order

app = typer.Typer(help="The shop's orders.", no_args_is_help=True)

_EXIT = {
    **{"done": 0, "in_progress": 3, "needs_human": 3, "no_stock": 4, "expired": 4},
    **dict.fromkeys(("suspended", "ended", "cancelled", "refunding", "refunded"), 4),
}
_HELD = ("done", "in_progress", "needs_human")  # of any other order the SIM is not for its buyer


def sell(
    order: Annotated[str, typer.Option("--order", help="The shop's purchase number.")],
    account: Account = None,
    tag: Annotated[str, typer.Option("--tag", help="Only SIMs that carry this tag.")] = "",
    group: Annotated[str, typer.Option("--group", help="Group to put the endpoint into.")] = "",
    qr: Annotated[Path | None, typer.Option("--qr", help="Write the eSIM's QR code, as PNG.")] = None,
    as_json: Json = False,
) -> None:
    """Sell one endpoint for one order: reserve, activate, assign. The same order again gives the same endpoint."""
    from domain.order import SellRequest
    from tasks import selling

    _check_order_no(order)
    name = running.account_to_log_in(account)
    request = SellRequest(order=order, account=name, tag=tag, group=group)
    sold = asyncio.run(_stoppable(selling.sold(request, _told)))
    _tell(sold, as_json=as_json)
    _write_qr(sold, qr)
    raise typer.Exit(_EXIT[sold.state])


async def _stoppable(work: Any) -> Any:
    from flows.stopping import stopped_by_signals

    with stopped_by_signals():
        return await work


def _told(words: str) -> None:
    print(f"preactive: {words}", file=sys.stderr)


def _tell(sold: "Order", *, as_json: bool) -> None:
    if as_json:
        names = ("account", "order", "state", "iccid", "endpoint_id", "endpoint_state", "tag", "group", "lpa")
        print(json.dumps({name: getattr(sold, name) for name in names} | {"message": sold.sentence()}))
        return
    if sold.iccid is not None and sold.state in _HELD:
        print(f"ICCID        {sold.iccid}")
        print(f"endpoint id  {sold.endpoint_id}")
    if sold.lpa is not None:
        print(f"LPA          {sold.lpa}")
    if sold.state != "done" or sold.text:
        print(f"preactive: {sold.sentence()}", file=sys.stderr)


def _write_qr(sold: "Order", path: Path | None) -> None:
    from tasks import resources

    if path is None or sold.state != "done":
        return
    if sold.lpa is None:
        print(f"preactive: order {sold.order} has no LPA string, so {path} was not written.", file=sys.stderr)
        raise typer.Exit(3)
    resources.write_qr(path, sold.lpa)


@app.command()
def serve(
    account: Account = None,
    host: Annotated[str, typer.Option("--host", help="Address; any but this machine needs a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 8770,
    answer_within: Annotated[
        float,
        typer.Option("--answer-within", min=0.1, max=300, help="Seconds after which an answer says: in progress."),
    ] = 25.0,
    prefect: Annotated[bool, typer.Option(help="Show each sale as a run in the Prefect UI.")] = True,
) -> None:
    """Run the order service: POST /orders sells one endpoint. Ctrl-C ends it."""
    from flows.order_service import serve as run

    if prefect:
        running.begin_api().watch()
    account = running.account_to_log_in(account)
    asyncio.run(run(account, host=host, port=port, answer_within=answer_within, prefect=prefect))


@app.command()
def sweep(account: Account = None, as_json: Json = False) -> None:
    """Finish what a crash left of orders, and put back SIMs for which nothing was sent in time."""
    from dataclasses import asdict

    from tasks import selling

    name = running.account_to_log_in(account)
    swept = asyncio.run(_stoppable(selling.sweep(name, _told)))
    print(json.dumps(asdict(swept)) if as_json else f"{swept.sentence()}.")
    if swept.in_progress or swept.needs_human or swept.refunding:
        raise typer.Exit(3)


@app.command("list")
def list_orders(
    account: Account = None,
    state: Annotated[
        str | None, typer.Option("--state", help="done, suspended, ended, cancelled, refunded and so on.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the shop's orders, oldest first, as their endpoints are now."""
    from domain.errors import UsageError
    from tasks import resources

    if state not in (None, *_EXIT):
        raise UsageError(f"There is no state {state!r} of an order; there are: {', '.join(_EXIT)}.")
    rows = (row | {"created_at": when(row["created_at"])} for row in resources.orders(account, state))
    columns = ("account", "order", "state", "iccid", "tag", "group", "created_at", "text")
    show(rows, columns, as_json=as_json, nothing="There is no such order.")


@app.command()
def release(
    order: Annotated[str, typer.Argument(help="The shop's purchase number.")],
    account: Account = None,
    yes: Yes = False,
) -> None:
    """Put the SIMs of an order back into stock, if nothing was done to any of them; the order may be sent again."""
    from tasks import resources

    name, _ = resources.account(account)
    print(f"{resources.release_order(name, order, apply=False).sentence()}.")
    running.confirm("Apply?", yes=yes)
    resources.release_order(name, order, apply=True)
    print(f"Order {order} is released.")


@app.command()
def cancel(
    order: Annotated[str, typer.Argument(help="The shop's purchase number.")],
    account: Account = None,
    yes: Yes = False,
) -> None:
    """Cancel an order for which nothing was sent: its SIM goes back, and the number sells nothing any more."""
    from domain.errors import Refused
    from domain.order import OrderState, why_not_cancelled
    from tasks import resources

    _check_order_no(order)
    name, _ = resources.account(account)
    known = resources.order_now(name, order)
    print(known.sentence() if known else f"order {order}: not placed yet; if it comes, it sells nothing")
    running.confirm("Cancel it for good?", yes=yes)
    found = resources.cancel_order(name, order)
    if found.state is not OrderState.CANCELLED:
        raise Refused(why_not_cancelled(found))
    print(f"Order {order} is cancelled.")


@app.command()
def refund(
    order: Annotated[str, typer.Argument(help="The shop's purchase number.")],
    account: Account = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Refund an order: its endpoint is taken out of service, and the number sells nothing any more."""
    import getpass

    from domain.errors import NothingSelected
    from tasks import resources, selling

    _check_order_no(order)
    name = running.account_to_log_in(account)
    known = resources.order_now(name, order)
    if known is None:
        raise NothingSelected(f"Account {name} has no order {order}; `preactive orders list` shows them.")
    if not as_json:
        print(known.sentence())
    running.confirm("Refund it for good?", yes=yes)
    found = asyncio.run(_stoppable(selling.refunded(name, order, by=getpass.getuser()[:64])))
    if as_json:
        _tell(found, as_json=True)
    else:
        print(found.sentence())
    raise typer.Exit(3 if found.state == "refunding" else 0)


def _check_order_no(order: str) -> None:
    from domain.errors import UsageError
    from domain.order import is_order_no

    if not is_order_no(order):
        raise UsageError("An order number is 1 to 100 letters, digits, and . _ : - between them.")
