"""A whole run on Stacuity whose answers come in other forms: each endpoint is tagged and assigned once."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from adapters.platforms.simulator import StacuityConfig, StacuitySimulator
from adapters.platforms.stacuity.client import StacuityPlatform
from domain.operation import State
from domain.options import Account
from tests.support.job import Job
from tests.support.rewriting_proxy import RewritingProxy
from tests.support.stacuity import ACCOUNT, FAST

COUNT = 4


def everywhere(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Any], Any]:
    """Change each object of an answer, at any depth."""

    def form(tree: Any) -> Any:
        if isinstance(tree, dict):
            return change({name: form(value) for name, value in tree.items()})
        return [form(one) for one in tree] if isinstance(tree, list) else tree

    return form


def null_for_no_tags(row: dict[str, Any]) -> dict[str, Any]:
    return row | ({"tags": None} if row.get("tags") == [] else {})


def other_case(row: dict[str, Any]) -> dict[str, Any]:
    return {("vSlice" if name == "vslice" else name[:1].upper() + name[1:]): value for name, value in row.items()}


def flat_vslice(row: dict[str, Any]) -> dict[str, Any]:
    inner = row.get("vslice")
    if not isinstance(inner, dict):
        return row
    flat = {"vSliceId": inner.get("id"), "vSliceName": inner.get("name"), "vSliceMoniker": inner.get("moniker")}
    return {name: value for name, value in row.items() if name != "vslice"} | flat


class EveryAnswer(dict[str, Any]):
    """One form for the answers to all calls."""

    def __init__(self, form: Callable[[Any], Any]) -> None:
        super().__init__()
        self.form = form

    def __contains__(self, name: object) -> bool:
        return " " not in str(name)

    def __getitem__(self, name: str) -> Any:
        return self.form


@pytest.mark.parametrize("change", [null_for_no_tags, other_case, flat_vslice])
async def test_each_endpoint_is_tagged_and_assigned_once(store_url: str, change: Any) -> None:
    knobs = {**FAST, "stock": COUNT, "fixtures": "objects", "claim_stock": 0}
    simulator = StacuitySimulator(StacuityConfig.model_validate(knobs))
    await simulator.start()
    proxy = await RewritingProxy(simulator.base_url, forms=EveryAnswer(everywhere(change))).start()
    quick = {"deadline_seconds": 0.5, "settle_seconds": 0.3, "base_url": proxy.base_url}
    job = Job(store_url, Account.model_validate({**ACCOUNT, **quick}))
    await job.open()
    platform = StacuityPlatform(job.account, job.pacer)
    try:
        iccids = [one.iccid for one in list(simulator.estate.endpoints.values())[:COUNT]]
        final = (State.CONFIRMED, State.REFUSED, State.NEEDS_HUMAN)
        for plan in (lambda: job.batch(iccids), lambda: job.activation("b", "eu")):
            scope = plan()
            await job.finish(platform, scope, until=final)
            assert set((await job.ledger.outlook(scope)).counts) == {State.CONFIRMED}
        done = Counter((entry.kind, entry.iccid) for entry in simulator.ledger.entries if entry.kind != "allocate")
        assert done == Counter((kind, iccid) for kind in ("edit", "assign", "activate") for iccid in iccids)
    finally:
        await platform.close()
        await job.close()
        await proxy.stop()
        await simulator.stop()
