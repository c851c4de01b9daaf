"""Tells Prefect of what happened, so that automations can act on it."""

from collections.abc import Mapping
from typing import Any

from prefect.events import emit_event


def tell(event: str, about: str, facts: Mapping[str, Any]) -> None:
    """Emit an event about a thing, for example `preactive.batch.spring`. It goes out with the run's other events."""
    emit_event(event, resource={"prefect.resource.id": about, "prefect.resource.name": about}, payload=dict(facts))
