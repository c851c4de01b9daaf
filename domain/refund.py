"""What a refund does to an endpoint that was sold, and how often."""

from enum import StrEnum

from domain.lifecycle import Kind, Lifecycle
from domain.operation import State

WAITS = "The refund waits"  # how the words begin that say why a person has to help
TERMINATIONS_SECONDS = 86_400.0  # within which refunds terminate no more endpoints than one run may


class RefundWith(StrEnum):
    """What a refund does to an endpoint that was in service."""

    SUSPEND = "suspend"  # can be taken back, and ends traffic at once
    TERMINATE = "terminate"
    NOTHING = "nothing"


def bounded(wanted: RefundWith, *, terminated: int, most: int) -> tuple[RefundWith, str]:
    """What a refund does once this many endpoints were terminated by refunds within a day, and what to say of it.

    A shop's token must not be a way around `max_terminate`.
    """
    if wanted is not RefundWith.TERMINATE or terminated < most:
        return wanted, ""
    words = (
        f"The endpoint is suspended and not terminated: refunds terminate at most {most:,} endpoints within a day "
        "(max_terminate)."
    )
    return RefundWith.SUSPEND, words


def next_change(refund: RefundWith, state: Lifecycle) -> Kind | None:
    """The change that an endpoint in this state still needs, or None when the refund is carried out."""
    if refund is RefundWith.NOTHING or state is Lifecycle.TERMINATED:
        return None
    if refund is RefundWith.TERMINATE:
        return Kind.TERMINATE
    return Kind.SUSPEND if state is Lifecycle.ACTIVE else None


def was_in_service(endpoint: Lifecycle, activate: State | None) -> bool | None:
    """Whether an order may have its endpoint in service; None while nobody can say.

    An endpoint that is active though its order's activation was refused is somebody else's.
    """
    if activate is State.REFUSED:
        return False
    waits = endpoint in (Lifecycle.STOCK, Lifecycle.PRE_ACTIVE)
    if activate is None:
        return False if waits else None
    return None if waits else True
