"""approver add, list, remove and log: who may sign for a change that is too large for one person."""

import time
from typing import Annotated

import typer

from flows.commands.options import Json
from flows.commands.printing import show, when

app = typer.Typer(help="Persons who may sign for large changes.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The person's name, as it will be typed into the form.")]


@app.command()
def add(name: Name) -> None:
    """Enter a person, or give the person new codes: they are shown once, and earlier ones are void."""
    from domain.approval import person
    from tasks import resources

    codes = resources.add_approver(name)
    print(
        f"{person(name)} may sign, with one of these codes each time. They are not shown again; hand them over alone."
    )
    for code in codes:
        print(f"  {code}")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the persons who may sign, and how many codes each has left."""
    from tasks import resources

    rows = [
        {
            "name": row["name"],
            "codes_left": row["codes_left"],
            "locked_until": when(row["locked_until"]) if row["locked_until"] > time.time() else None,
            "added_at": when(row["added_at"]),
            "added_by": row["added_by"],
        }
        for row in resources.approvers()
    ]
    columns = ("name", "codes_left", "locked_until", "added_at", "added_by")
    show(rows, columns, as_json=as_json, nothing="There are no approvers; `preactive approver add NAME` enters one.")


@app.command()
def remove(name: Name) -> None:
    """Strike a person. What the person signed stays on record."""
    from domain.approval import person
    from tasks import resources

    was = resources.remove_approver(name)
    print(f"{person(name)} may not sign any more." if was else f"{person(name)} was not an approver.")


@app.command()
def log(as_json: Json = False) -> None:
    """List who was entered or struck, by whom, who signed what, and what was done with it. Nothing of it is deleted."""
    from tasks import resources

    rows = [{**fact, "at": when(fact["at"]), "approval": fact["approval_id"]} for fact in resources.approver_facts()]
    columns = ("at", "event", "name", "os_user", "approval", "text")
    facts = [{column: row[column] for column in columns} for row in rows]
    show(facts, columns, as_json=as_json, nothing="Nobody was ever an approver.")
