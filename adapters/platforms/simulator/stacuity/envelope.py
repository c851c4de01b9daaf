"""The envelope, and the refusals. Only the first text is known from the real system; the others are INVENTED."""

from typing import Any

from adapters.platforms.simulator.sft.envelope import Reply

NOT_FOUND = "Record not found"
BAD_CLAIM = "SIM cannot be claimed"
REFERENCE_USED = "Reference already in use"
BAD_MOVE = "Status change not allowed"
GROUP_USED = "Endpoint group is in use"
GROUP_ASSOCIATED = "Endpoint group has associations"
NO_PRIMARY = "Endpoint has no primary group"
NOT_ASSOCIATED = "Secondary group is not associated"
BAD_APN = "APN not allowed"
FIXED = "Field cannot be changed"
BAD_FIELD = "Field is not valid"
OTHER_VSLICE = "Object belongs to another VSlice"
IN_USE = "Object is in use"

_STATUSES = {NOT_FOUND: 404, REFERENCE_USED: 409, GROUP_USED: 409, GROUP_ASSOCIATED: 409, BAD_MOVE: 409, IN_USE: 409}


class Refusal(ValueError):
    """A business rule says no; nothing was changed."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def reply(self, *, by_status: bool) -> Reply:
        """The refusal as an answer: with 200, or with a status that says it."""
        return Reply(_STATUSES.get(self.text, 422) if by_status else 200, failure(self.text))


class Malformed(Exception):
    """The body has the wrong shape."""


def success(data: Any = None, **extra: Any) -> dict[str, Any]:
    """A succeeding envelope; `messages` is sometimes left out."""
    body: dict[str, Any] = {"success": True, **extra}
    return body if data is None else body | {"data": data}


def failure(text: str, **extra: Any) -> dict[str, Any]:
    """A failing envelope."""
    return {"success": False, "messages": [text], **extra}


def unauthorised() -> Reply:
    """The answer to a token that is missing, wrong or disabled."""
    return Reply(401, failure("Unauthorized"))


def throttled() -> Reply:
    """The answer to a call that came too fast."""
    return Reply(429, failure("Too many requests"))


def problem(text: str) -> Reply:
    """The answer to a malformed body, in the other form."""
    return Reply(400, {"title": "One or more validation errors occurred.", "status": 400, "errors": {"body": [text]}})
