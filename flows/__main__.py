"""`preactive`: the command line."""

import os
import sys

import typer

from domain.errors import PreactiveError
from flows.commands import (
    approving,
    automating,
    batches,
    blocking,
    events,
    going_on,
    grouping,
    lifecycle,
    looking,
    operating,
    profiles,
    provisioning,
    reconciling,
    replenishing,
    reporting,
    resolving,
    running,
    selling,
)

app = typer.Typer(
    name="preactive",
    help="Keeps SIM endpoints ready before anyone needs them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (
    provisioning.plan,
    provisioning.provision,
    lifecycle.activate,
    lifecycle.assign,
    lifecycle.suspend,
    lifecycle.resume,
    lifecycle.terminate,
    selling.sell,
    replenishing.intake,
    replenishing.replenish,
    looking.endpoints,
    looking.history,
    looking.stock,
    reconciling.reconcile,
    resolving.resolve,
    operating.doctor,
    operating.up,
    going_on.unfinished,
    operating.demo,
):
    app.command()(command)
# The simulator has many knobs of its own and explains them itself.
app.command(add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
    operating.simulator
)
app.add_typer(batches.app, name="batch")
app.add_typer(going_on.accounts, name="account")
app.add_typer(selling.app, name="orders")
app.add_typer(reporting.app, name="reports")
app.add_typer(approving.app, name="approver")
app.add_typer(blocking.app, name="blocks")
app.add_typer(automating.app, name="automations")
app.add_typer(grouping.app, name="group")
app.add_typer(events.app, name="events")
app.add_typer(operating.db, name="db")
app.add_typer(profiles.app, name="profile")


def main() -> None:
    """Run one command. A person's mistake gives one sentence on standard error, never a traceback."""
    try:
        app()
    except PreactiveError as error:
        print(f"preactive: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print(
            "preactive: interrupted; what was sent is recorded, run the same command again to go on.", file=sys.stderr
        )
        sys.exit(1)
    except Exception as error:
        if os.environ.get("PREACTIVE_DEBUG"):
            raise
        where = running.keep_traceback()
        print(f"preactive: unexpected error, {type(error).__name__}; the details are in {where}.", file=sys.stderr)
        sys.exit(1)
    finally:
        running.end_api()


if __name__ == "__main__":
    main()
