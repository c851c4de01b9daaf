"""group list, show, create and associate."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands import running
from flows.commands.options import Account, Json, Yes
from flows.commands.printing import show

if TYPE_CHECKING:
    from domain.groups import Draft, Group

app = typer.Typer(help="Groups: what gives endpoints their configuration.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Group, by its name in the settings, moniker or id.")]
_COLUMNS = ("moniker", "name", "kind", "vslice", "endpoints", "subnet", "apn", "primary", "secondaries", "id")


def _row(group: "Group") -> dict[str, Any]:
    return {
        "id": group.id,
        "moniker": group.moniker,
        "name": group.name,
        "kind": group.kind.value if group.kind is not None else None,
        "vslice": group.vslice or None,
        "endpoints": group.endpoints,
        "subnet": group.subnet,
        "apn": group.apn,
        "primary": group.primary,
        "secondaries": list(group.secondaries),
        "subscription_type": group.subscription_type,
        "routing_policy": group.routing_policy,
        "regional_policy": group.regional_policy,
    }


@app.command("list")
def list_(account: Account = None, as_json: Json = False) -> None:
    """List the groups of an account: those of the platform, or the targets in the settings where it has none."""
    from tasks import groups

    name = running.account_to_log_in(account)
    rows = [_row(one) for one in groups.groups(name)]
    show(rows, _COLUMNS, as_json=as_json, nothing=f"The account {name} has no groups.")


@app.command("show")
def show_(name: Name, account: Account = None, as_json: Json = False) -> None:
    """Show one group."""
    from tasks import groups

    row = _row(groups.group(running.account_to_log_in(account), name))
    if as_json:
        print(json.dumps(row, ensure_ascii=False))
        return
    show([{"field": key, "value": value} for key, value in row.items()], ("field", "value"), as_json=False, nothing="")


@app.command()
def create(
    moniker: Annotated[str, typer.Argument(help="5 to 30 lower-case letters, digits, hyphens and underscores.")],
    name: Annotated[str, typer.Option("--name", help="2 to 100 characters.")],
    vslice: Annotated[str, typer.Option("--vslice", help="VSlice; can never be changed.")],
    subscription_type: Annotated[str, typer.Option("--subscription-type", help="Can never be changed.")],
    routing_policy: Annotated[str, typer.Option("--routing-policy")],
    regional_policy: Annotated[str, typer.Option("--regional-policy")] = "automatic",
    secondary: Annotated[bool, typer.Option("--secondary", help="A secondary group; can never be changed.")] = False,
    apn: Annotated[str | None, typer.Option("--apn", help="Only, and always, for a secondary group.")] = None,
    subnet: Annotated[str | None, typer.Option("--subnet", help="One of the VSlice's; can never be changed.")] = None,
    operator_policy: Annotated[str | None, typer.Option("--operator-policy")] = None,
    event_map: Annotated[str | None, typer.Option("--event-map")] = None,
    ip_allocation: Annotated[str, typer.Option("--ip-allocation", help="static or pooled.")] = "static",
    inactivity_seconds: Annotated[int | None, typer.Option("--inactivity-seconds")] = None,
    inactivity_action: Annotated[
        str, typer.Option("--inactivity-action", help="notify or notifyandterminate.")
    ] = "notify",
    account: Account = None,
    yes: Yes = False,
) -> None:
    """Make a group. VSlice, subscription type, kind and subnet can never be changed afterwards."""
    from domain.errors import UsageError
    from domain.groups import Draft, GroupKind, InactivityAction, draft_warnings
    from tasks import groups

    if ip_allocation not in ("static", "pooled") or inactivity_action not in set(InactivityAction):
        raise UsageError("Say static or pooled for --ip-allocation, notify or notifyandterminate for the action.")
    draft = Draft(
        name=name,
        moniker=moniker,
        vslice=vslice,
        subscription_type=subscription_type,
        routing_policy=routing_policy,
        regional_policy=regional_policy,
        kind=GroupKind.SECONDARY if secondary else GroupKind.PRIMARY,
        apn=apn,
        subnet=subnet,
        operator_policy=operator_policy,
        event_map=event_map,
        ip_allocation=ip_allocation,
        inactivity_seconds=inactivity_seconds,
        inactivity_action=InactivityAction(inactivity_action),
    )
    for warning in draft_warnings(draft):
        typer.echo(warning, err=True)
    account_name = running.account_to_log_in(account)
    groups.check_group(account_name, draft)
    print(f"The group {moniker} can be made: {', '.join(_words(draft))}.")
    running.confirm(f"Make the {draft.kind.value} group {moniker} in {vslice}?", yes=yes)
    made = groups.create_group(account_name, draft)
    print(f"The group {made.moniker} is made; its id is {made.id}.")


def _words(draft: "Draft") -> list[str]:
    """What a new group would be, with what can never be changed first."""
    words = [f"{draft.kind.value}, VSlice {draft.vslice}, subscription type {draft.subscription_type}"]
    words += [f"subnet {draft.subnet}"] if draft.subnet else []
    words += [f"APN {draft.apn}"] if draft.apn else []
    return [*words, f"routing policy {draft.routing_policy}", f"regional policy {draft.regional_policy}"]


@app.command()
def moved(
    name: Name,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the log with your name.")],
    account: Account = None,
    yes: Yes = False,
) -> None:
    """Let a group stand for what the settings say by now; endpoints that are in it keep what they have."""
    from tasks import resources

    running.confirm(f"The group {name} stands for what the settings say from now on. Apply?", yes=yes)
    resources.move_group(account, name, reason)
    print(f"The group {name} is what the settings say.")


@app.command()
def associate(
    primary: Annotated[str, typer.Argument(help="Primary group.")],
    secondary: Annotated[str, typer.Argument(help="Secondary group.")],
    account: Account = None,
    yes: Yes = False,
) -> None:
    """Give every endpoint of a primary group the APN of a secondary group, at once."""
    from domain.words import plural
    from tasks import groups

    name = running.account_to_log_in(account)
    found = groups.group(name, primary)
    count = plural(found.endpoints or 0, "endpoint")
    running.confirm(f"All {count} of {found.moniker} gain the APN of {secondary} at once. Apply?", yes=yes)
    changed = groups.associate(name, primary, secondary)
    print(f"The group {changed.moniker} has the secondary groups {', '.join(changed.secondaries)}.")
