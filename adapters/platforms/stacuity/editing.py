"""An edit replaces every editable field of an endpoint: what is written, when it must not be, and whether it shows."""

from dataclasses import replace

from adapters.platforms.stacuity.parse import Endpoint
from adapters.platforms.texts import clean
from domain.lifecycle import Lifecycle
from domain.operation import Work
from domain.outcome import Answer, Because, Verdict

MOST_TAGS = 20
_CHANGEABLE = frozenset({Lifecycle.PRE_ACTIVE, Lifecycle.ACTIVE, Lifecycle.SUSPENDED})


def edited(before: Endpoint, work: Work, *, reference: str | None) -> Endpoint:
    """The endpoint with its tag, with our name if it has none or waits, and with a reference if one is wanted."""
    tags = before.tags if work.target in before.tags else (*before.tags, work.target)
    is_ours = before.state is Lifecycle.PRE_ACTIVE or before.name is None
    name = work.name if work.name and is_ours else before.name
    return replace(before, tags=tags, name=name, reference=reference or before.reference)


def why_not_editable(before: Endpoint, wanted: Endpoint) -> str:
    """Why nothing may be written to the endpoint; empty when it may."""
    if before.state not in _CHANGEABLE:
        return f"the endpoint is in state {before.state_text or 'unknown'!r}, in which nothing is written to it"
    if before.unreadable:
        return (
            f"the platform shows its {' and '.join(before.unreadable)} in a form that is not known, and the edit would "
            "replace what is there; see `preactive doctor --contract`, then correct the contract"
        )
    if len(wanted.tags) > max(MOST_TAGS, len(before.tags)):
        return f"the endpoint would have {len(wanted.tags)} tags; {MOST_TAGS} are allowed"
    return ""


def compared(answer: Answer, before: Endpoint, wanted: Endpoint, after: Endpoint) -> Answer:
    """What the platform's yes is worth beside what it shows afterwards.

    A tag that is missing may come yet, and is looked up. A look-up of the tag would not see that the name is another,
    so that a person must know.
    """
    missing = [tag for tag in wanted.tags if tag not in after.tags]
    if missing:
        text = clean(f"answered yes; the read-back lacks {', '.join(missing)}")
        return replace(answer, verdict=Verdict.UNKNOWN, text=text)
    other = [
        what
        for what in ("name", "reference")
        if getattr(wanted, what) not in (getattr(before, what), getattr(after, what))
    ]
    if other:
        text = f"answered yes; the read-back shows another {' and another '.join(other)}"
        return replace(answer, verdict=Verdict.NOT_DONE, because=Because.CONTRADICTION, text=text)
    return answer
