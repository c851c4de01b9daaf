"""Endpoints by which look-ups are tried: those for which a change is confirmed, of this account, the newest first."""

from adapters.store.controls import StoredControls, latest
from domain.lifecycle import Kind
from domain.outcome import Verdict
from tests.support.desk import ACCOUNT, came

DONE = Verdict.DONE


async def test_a_new_account_has_none(desk):
    assert [desk.store.write(latest, ACCOUNT, kind) for kind in (Kind.ASSIGN, Kind.TAG)] == [[], []]


async def test_only_what_is_confirmed_counts_and_a_few_are_enough(desk):
    scope, ledger = desk.batch(6, tags=["spring"]), await desk.ledger()
    step = await ledger.step(scope, [], 99)
    made = [came(work, DONE, endpoint_id=f"E{work.id}") for work in step.work]
    step = await ledger.step(scope, made, 99)
    assert desk.store.write(latest, ACCOUNT, Kind.TAG) == []

    await ledger.step(scope, [came(work, DONE) for work in step.work[:5]], 0)

    newest = [work.endpoint_id for work in step.work[:5]][::-1][:3]
    assert await StoredControls(desk.store, ACCOUNT).of(Kind.TAG) == newest
    assert desk.store.write(latest, "another", Kind.TAG) == []
    assert desk.store.write(latest, ACCOUNT, Kind.ASSIGN) == []
