"""Serves the deployments of `prefect.yaml` in one process, without a work pool."""

import asyncio
import logging
import sys
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from prefect import Flow, serve
from prefect.events import DeploymentTriggerTypes
from prefect.schedules import Schedule
from prefect.types.entrypoint import EntrypointType
from pydantic import TypeAdapter

from flows.orphans import end_orphans

FILE = Path("prefect.yaml")
# Nobody else serves deployments on this server, so that a run without a process on this machine has none.
ALONE = "--alone"

_Triggers: TypeAdapter[list[Any]] = TypeAdapter(list[DeploymentTriggerTypes])


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
        schedules=[_schedule(schedule) for schedule in entry.get("schedules") or []],
        triggers=_triggers(entry),
        concurrency_limit=None,  # said, since what is left out keeps the limit of an earlier version
        enforce_parameter_schema=entry.get("enforce_parameter_schema", True),
        entrypoint_type=EntrypointType.MODULE_PATH,  # by file path the flow would be loaded a second time
    )


def _schedule(entry: dict[str, Any]) -> Schedule:
    given = dict(entry)
    if "interval" in given:
        given["interval"] = timedelta(seconds=given["interval"])
    if "anchor_date" in given:
        given["anchor_date"] = datetime.fromisoformat(given["anchor_date"])
    return Schedule(**given)


def _triggers(entry: dict[str, Any]) -> list[Any]:
    listed = entry.get("triggers") or []
    return _Triggers.validate_python(
        [{"name": f"{entry['name']}__automation_{n}", **one} for n, one in enumerate(listed, start=1)]
    )


if __name__ == "__main__":
    for name in ("prefect.runner", "prefect.flows"):
        logging.getLogger(name).setLevel(logging.WARNING)
    if ALONE in sys.argv[1:]:
        asyncio.run(end_orphans())
    serve(*deployments())
