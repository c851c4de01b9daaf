"""resolve: what is in doubt or needs a person, and what is to be done about it."""

from typing import Annotated, Any

import typer

from flows.commands.options import Account, Json
from flows.commands.printing import show, when

Decision = Annotated[
    str | None,
    typer.Option("--decide", help="confirmed (it was done), refused (it was not, leave it) or planned (do it again)."),
]


def resolve(
    account: Account = None,
    look_up: Annotated[
        bool, typer.Option("--look-up", help="Ask the platform now about every doubt that is due.")
    ] = False,
    operation: Annotated[int | None, typer.Option("--operation", help="The operation a decision is about.")] = None,
    decide: Decision = None,
    endpoint_id: Annotated[
        str | None, typer.Option("--endpoint-id", help="With --decide confirmed, for a create.")
    ] = None,
    event: Annotated[
        str | None, typer.Option("--event", help="An event that differs, which you have seen to; with --reason.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the history.")] = "",
    as_json: Json = False,
) -> None:
    """List what is in doubt or needs a person, and settle it by look-up or by a decision."""
    from tasks import resources

    if event is not None:
        _settle(event, account, reason, alone=operation is None and decide is None)
        return
    if operation is not None or decide is not None:
        _decide(operation, decide, endpoint_id, reason)
        return
    if look_up:
        from flows.embedded import find_server

        find_server()  # the account's secrets may be kept there
        from tasks.doubts import look_up_all

        print(f"{look_up_all(account)} look-ups made.")
    rows = [_shown(row) for row in resources.unsettled(account)]
    rows += [{"operation": row["id"]} | row for row in resources.differing_events(account)]
    rows += [_order(row) for row in resources.orders_to_decide(account)]
    columns = ("operation", "account", "iccid", "kind", "target", "state", "order", "text", "lookups", "look_again")
    show(rows, columns, as_json=as_json, nothing="Nothing is in doubt and nothing needs a person.")
    if rows:
        raise typer.Exit(3)


def _order(row: dict[str, Any]) -> dict[str, Any]:
    """An order that no operation stands for any more."""
    text = row["text"]
    if row["state"] == "needs_human":
        text = f"{text}; `preactive orders release {row['order']}` lets it be sent again"
    return {"operation": None, "account": row["account"], "order": row["order"], "state": row["state"], "text": text}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """One operation, under the names and with the times that the other commands use."""
    about = ("account", "iccid", "name", "endpoint_id", "kind", "target", "order")
    learned = ("state", "text", "code", "lookups", "negatives")
    is_doubt = row["state"] == "in_doubt"
    times = {
        "look_again": when(row["next_at"]) if is_doubt else None,
        "safe_after": when(row["safe_after"]) if is_doubt else None,
        "updated_at": when(row["updated_at"]),
    }
    return {"operation": row["id"]} | {name: row[name] for name in about + learned} | times


def _decide(operation: int | None, decide: str | None, endpoint_id: str | None, reason: str) -> None:
    from domain.errors import UsageError
    from domain.operation import State
    from tasks import resources

    choices = {"confirmed": State.CONFIRMED, "refused": State.REFUSED, "planned": State.PLANNED}
    if operation is None or decide not in choices or not reason:
        raise UsageError("A decision needs --operation, --decide confirmed|refused|planned, and --reason.")
    resources.decide_by_person(operation, choices[decide], endpoint_id=endpoint_id, reason=reason)
    print(f"Operation {operation} is {decide} by your decision.")


def _settle(event: str, account: str | None, reason: str, *, alone: bool) -> None:
    from domain.errors import UsageError
    from tasks import resources

    if not reason or not alone:
        raise UsageError("An event needs --event and --reason, and no other decision beside it.")
    resources.settle_event(account, event, reason=reason)
    print(f"Event {event} is settled by your decision; neither the store nor the platform was changed.")
