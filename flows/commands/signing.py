"""Asks two persons at the terminal to sign."""

import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from domain.approval import Change, Request


def sign_here(change: "Change | None") -> None:
    """Let two persons sign what must be signed, if anything, each with a name and a code that is not shown.

    Raises NotApproved.
    """
    from domain.approval import SENTENCES, Standing
    from domain.errors import NotApproved
    from tasks.bound import run_key
    from tasks.signing import check_approved, request_for, sentence

    if change is None:
        return
    if not sys.stdin.isatty():
        raise NotApproved(
            f"{sentence(change)}, and two persons must sign at a terminal, or in the form of lifecycle/change; "
            "nothing was changed."
        )
    request = request_for(run_key(), change)
    typer.echo(f"{sentence(change)}. The person who asks for it signs, then a second one.", err=True)
    while request.standing is Standing.WAITING:
        request = _ask(request)
        typer.echo(SENTENCES[request.answers[-1].verdict], err=True)
    check_approved(change, request)


def _ask(request: "Request") -> "Request":
    from domain.approval import Decision
    from tasks import resources

    who = "Second person" if request.signers else "Name"
    name: str = typer.prompt(who, err=True)
    code: str = typer.prompt("One of your codes", hide_input=True, err=True)
    return resources.answer_request(request, name, code, Decision.APPROVE)
