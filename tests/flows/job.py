"""The main job done twice from the terminal, with what was seen after each command."""

from dataclasses import dataclass, field
from typing import Any

from tests.flows.processes import Ended
from tests.flows.world import World


@dataclass
class Job:
    """What was seen after each command of the main job, by the command's name."""

    world: World
    ended: dict[str, Ended] = field(default_factory=dict)
    writes: dict[str, int] = field(default_factory=dict)
    truth: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    mappings: dict[str, dict[str, str | None]] = field(default_factory=dict)


def done_twice(world: World, count: int) -> Job:
    """Provision the world's file twice, then activate `count` of it twice."""
    job = Job(world)
    commands = {
        "provision": world.provision,
        "provision again": world.provision,
        "activate": world.activate(count),
        "activate again": world.activate(count),
    }
    for name, command in commands.items():
        before = world.platform.writes
        job.ended[name] = world.run(*command)
        job.writes[name] = world.platform.writes - before
        job.truth[name] = world.platform.endpoints
        job.mappings[name] = world.mapping()
    return job
