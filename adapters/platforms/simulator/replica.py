"""What reads see: the platform's state as it was some seconds ago."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from adapters.platforms.simulator.model import DELETED, Endpoint, Sim


class Replica:
    """A copy of SIMs and endpoints that shows each change `lag` seconds after its commit."""

    def __init__(self, sims: Iterable[Sim], *, lag: float, clock: Callable[[], float]) -> None:
        self.lag = lag
        self._clock = clock
        self._coming: deque[tuple[float, Sim | Endpoint]] = deque()
        self._sims: dict[str, Sim] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._groups: dict[tuple[str, bool], dict[str, Sim]] = {}
        for sim in sims:
            self._show(sim)

    def publish(self, item: Sim | Endpoint) -> None:
        """Take a committed change; it shows after the lag."""
        self._coming.append((self._clock() + self.lag, item))

    def show_all(self) -> None:
        """Let everything show at once, as after a restart."""
        while self._coming:
            self._show(self._coming.popleft()[1])

    def sim(self, iccid: str) -> Sim | None:
        """Return one SIM as reads see it now."""
        self._catch_up()
        return self._sims.get(iccid)

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        """Return one endpoint as reads see it now."""
        self._catch_up()
        return self._endpoints.get(endpoint_id)

    def endpoints(self) -> list[Endpoint]:
        """Return all endpoints as reads see them now."""
        self._catch_up()
        return list(self._endpoints.values())

    def sims(self, *, status: str | None, attached: bool | None) -> tuple[int, Iterator[Sim]]:
        """Return how many SIMs match, and the SIMs; without a filter in the order of the stock."""
        self._catch_up()
        if status is None and attached is None:
            return len(self._sims), iter(self._sims.values())
        groups = [
            group
            for (its_status, its_attached), group in self._groups.items()
            if status in (None, its_status) and attached in (None, its_attached)
        ]
        return sum(map(len, groups)), chain.from_iterable(group.values() for group in groups)

    def _catch_up(self) -> None:
        now = self._clock()
        while self._coming and self._coming[0][0] <= now:
            self._show(self._coming.popleft()[1])

    def _show(self, item: Sim | Endpoint) -> None:
        if isinstance(item, Sim):
            self._show_sim(item)
        elif item.status == DELETED:
            self._endpoints.pop(item.id, None)
        else:
            self._endpoints[item.id] = item

    def _show_sim(self, sim: Sim) -> None:
        old = self._sims.get(sim.iccid)
        if old is not None:
            del self._groups[_group_of(old)][old.iccid]
        self._sims[sim.iccid] = sim
        self._groups.setdefault(_group_of(sim), {})[sim.iccid] = sim


def _group_of(sim: Sim) -> tuple[str, bool]:
    return sim.status, sim.endpoint_id is not None
