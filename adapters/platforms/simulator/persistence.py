"""The state file: one JSON line per endpoint, tag and SIM that is not as it left the factory."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from adapters.platforms.simulator.model import Addon, Endpoint, Sim, Tag
from adapters.platforms.simulator.world import World

_COUNTERS = ("next_endpoint", "next_addon", "next_tag")


def snapshot(world: World) -> list[Any]:
    """Return the state as values that later changes do not touch."""
    counters = {name: getattr(world, name) for name in _COUNTERS}
    header = {"seq": world.ledger.seq, "tenant": world.tenant, **counters}
    return [header, *world.changed_sims(), *world.endpoints.values(), *world.tags.values()]


def save_state(state: list[Any], path: Path) -> None:
    """Write a snapshot so that the file is always whole, old or new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    with draft.open("w", encoding="utf-8") as file:
        file.writelines(_lines(state))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def load_state(world: World, path: Path) -> None:
    """Put what a state file holds into a fresh world."""
    world.tenant = str(uuid5(NAMESPACE_URL, path.absolute().as_uri()))  # files of older versions name none
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            _load_line(world, line, f"{path}, line {number}")
    world.replica.show_all()


def _load_line(world: World, line: str, place: str) -> None:
    try:
        for kind, value in json.loads(line).items():
            _LOADERS[kind](world, value)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{place}: this is no state of the simulator; remove the file to start afresh") from error


def _lines(state: list[Any]) -> Iterator[str]:
    for item in state:
        kind = "header" if isinstance(item, dict) else type(item).__name__.lower()
        if kind != "sim":
            yield json.dumps({kind: item if kind == "header" else astuple(item)}) + "\n"
        else:
            yield json.dumps({kind: [item.iccid, item.status, item.endpoint_id]}) + "\n"


def _load_header(world: World, value: dict[str, Any]) -> None:
    world.ledger.seq = value.pop("seq")
    for name, number in value.items():
        setattr(world, name, number)


def _load_sim(world: World, value: list[str]) -> None:
    iccid, status, endpoint_id = value
    known = world.sims.get(iccid)
    world.restore(Sim(iccid, known.number if known else len(world.sims) + 1, status, endpoint_id))


def _load_endpoint(world: World, value: list[Any]) -> None:
    *_, addons, tags = value
    endpoint = Endpoint(*value)
    world.restore(replace(endpoint, addons=tuple(Addon(*addon) for addon in addons), tags=tuple(tags)))


def _load_tag(world: World, value: list[str]) -> None:
    world.tags[value[1]] = Tag(*value)


_LOADERS: dict[str, Callable[[World, Any], None]] = {
    "header": _load_header,
    "sim": _load_sim,
    "endpoint": _load_endpoint,
    "tag": _load_tag,
}
