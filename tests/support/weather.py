"""Hours of trouble and then calm: a brown-out and a storm of refusals, in virtual time."""

import asyncio
from dataclasses import dataclass, field

from adapters.platforms.simulator.fault_profiles import PROFILES
from domain.errors import PreactiveError
from domain.lifecycle import Kind
from domain.operation import State
from domain.ports import Scope
from tests.support.virtual_time import now
from tests.support.virtual_world import FINAL, VirtualWorld

HOUR = 3600.0
CALM_SECONDS = 1800.0  # within which everything must be final: twice the longest wait that a platform may ask for


@dataclass
class Weather:
    """What came of it."""

    states: dict[State, int]
    calls: int
    faults: int
    calm_seconds: float
    calm_calls: int
    errors: list[PreactiveError] = field(default_factory=list)

    def __str__(self) -> str:
        ends = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        return (
            f"{self.calls} calls, {self.faults} of them hit; final {self.calm_seconds:.0f} s after the calm "
            f"with {self.calm_calls} calls more: {ends}"
        )


async def brown_out(world: VirtualWorld, *, hours: float, batch: int, every: float) -> Weather:
    """Hand in a batch now and then while everything goes wrong, activate a part of it, then wait for calm."""
    world.faults(*PROFILES["brownout"])
    scopes: list[Scope] = []
    errors: list[PreactiveError] = []
    waiting = list(world.iccids)
    while now() < hours * HOUR:
        if waiting and now() >= len(scopes) / 2 * every:
            some, waiting = waiting[:batch], waiting[batch:]
            name = f"b{len(scopes)}"
            scopes.append(world.batch(name, iccids=some, name=name))
            scopes.append(world.activation(group="eu", count=batch // 2, tag=name))
        errors += await _tend(world, scopes)
        await asyncio.sleep(60)
    return await _calm(world, scopes, errors)


async def _tend(world: VirtualWorld, scopes: list[Scope]) -> list[PreactiveError]:
    """As a schedule does: go on with whatever is unfinished, for a few minutes each."""
    errors = []
    for number in range(len(scopes)):
        if number % 2:  # as long as nothing could be activated there was no change
            scopes[number] = world.activation_again(f"b{number - 1}")
        world.scope = scopes[number]
        if not world.is_over(world.scope):
            errors.append(await world.run_for(240))
    return [error for error in errors if error is not None]


async def _calm(world: VirtualWorld, scopes: list[Scope], errors: list[PreactiveError]) -> Weather:
    stats = world.simulator.engine.stats
    faults, before, began = stats.faults.total(), world.requests(), now()
    world.faults()
    while any(not world.is_over(scope) for scope in scopes):
        assert now() < began + 10 * HOUR, world.states()
        errors += await _tend(world, scopes)
        await asyncio.sleep(1)
    ended, calls = now() - began, world.requests() - before
    await world.until_nothing_is_left_to_happen()
    for scope in scopes:
        world.scope = scope
        await world.read_back(Kind.CREATE)
    return Weather(dict(world.states()), world.requests(), faults, ended, calls, errors)


def all_final(world: VirtualWorld, weather: Weather) -> bool:
    """Every item is final or waits for a person; what is planned needs something that was refused or needs a person."""
    changes = [row.id for row in world.desk.see("SELECT id FROM changes")]
    return set(weather.states) <= {*FINAL, State.PLANNED} and all(world.is_over(Scope(change)) for change in changes)
