"""What the program tells Prefect of, so that automations can act on it; also what it listens to."""

from typing import Any

from domain.summary import Summary

# Asked for from outside: the fields of a request to activate. A dry run unless the event says otherwise.
ACTIVATION_REQUESTED = "preactive.activation.requested"
# Asked for from outside: the fields of an order, which is carried out at once. The same order again changes nothing.
ORDER_REQUESTED = "preactive.order.requested"
# Told by a run that ended with something for a person to look at.
RUN_HAS_FAILURES = "preactive.run.failures"
# Told by whoever looks at stock, for an account and a tag: account, tag, group, pre_active, low.
STOCK_LOW = "preactive.stock.low"


def failures(summary: Summary) -> dict[str, Any] | None:
    """What to tell of a run that ended, or None when there is nothing to look at. Numbers and names, never an ICCID."""
    if not summary.exit_code:
        return None
    return {"batch": summary.batch, "run": summary.run, "sentence": summary.sentence(), **summary.numbers()}
