"""Serves the deployments of `prefect.yaml` in one process, without a work pool."""

from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from prefect import Flow, serve
from prefect.types.entrypoint import EntrypointType

FILE = Path("prefect.yaml")


def deployments() -> list[Any]:
    """Every deployment of the file, as the runner takes it."""
    listed = yaml.safe_load(FILE.read_text(encoding="utf-8"))["deployments"]
    return [_deployment(entry) for entry in listed]


def _deployment(entry: dict[str, Any]) -> Any:
    module, _, name = entry["entrypoint"].rpartition(".")
    flow: Flow[..., Any] = getattr(import_module(module), name)
    return flow.to_deployment(
        name=entry["name"],
        description=entry.get("description"),
        tags=entry.get("tags"),
        parameters=entry.get("parameters"),
        schedules=[_schedule(one) for one in entry.get("schedules") or []] or None,
        concurrency_limit=_limit(entry),
        entrypoint_type=EntrypointType.MODULE_PATH,  # by file path the flow would be loaded a second time
    )


def _schedule(entry: dict[str, Any]) -> Any:
    from prefect.schedules import Cron

    return Cron(entry["cron"], timezone=entry.get("timezone"), active=entry.get("active", True), slug=entry["slug"])


def _limit(entry: dict[str, Any]) -> Any:
    from prefect.client.schemas.objects import ConcurrencyLimitConfig

    limit = entry.get("concurrency_limit")
    return ConcurrencyLimitConfig(**limit) if isinstance(limit, dict) else limit


if __name__ == "__main__":
    serve(*deployments())
