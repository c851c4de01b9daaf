"""Exclusive ownership needs a change that we caused: what was done already at a first attempt was done by others."""

from domain.lifecycle import Kind
from domain.operation import State, Work
from domain.outcome import Answer, Because, Verdict

TAKEN = Because.TAKEN.value  # also the code of an operation that found its endpoint taken
TAKEN_TEXT = "active already, and not by us: somebody else activated it, so it is neither sold nor counted"
BOUGHT_TEXT = "the group's add-on was there before this order asked for it"


def taken(text: str = TAKEN_TEXT) -> Answer:
    """The answer for an endpoint that somebody else took into service."""
    return Answer(Verdict.NOT_DONE, Because.TAKEN, code=TAKEN, text=text)


def is_taken(text: str) -> bool:
    """Whether the reason of an operation says that somebody else took its endpoint."""
    return text.startswith(TAKEN_TEXT)


def set_aside_words(order: str, endpoint_id: str | None) -> str:
    """What to tell an operator of a SIM that an order found taken."""
    return (
        f"Order {order}: endpoint {endpoint_id} was active already, and not by us, so its SIM is set aside and "
        "the next one is taken; `preactive resolve` lists it."
    )


def as_refused(state: State | None, code: str) -> State | None:
    """How an order takes an activation: an endpoint that somebody else took is set aside like a refused one."""
    return State.REFUSED if state is State.NEEDS_HUMAN and code == TAKEN else state


def ours_only(work: Work, answer: Answer) -> Answer:
    """An activation that was done already is ours only if an earlier attempt of ours may have been carried out."""
    if work.kind is Kind.ACTIVATE and answer.verdict is Verdict.DONE and answer.already and not work.unclear:
        return taken(f"{TAKEN_TEXT} ({answer.code or answer.text or 'done before'})")
    return answer
