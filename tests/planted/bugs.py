"""Defects that a program like this one could have, each as a change to one place, and the tests that find it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bug:
    """A defect: in `file`, `old` becomes `new`; at least one of the tests in `found_by` must then fail."""

    name: str
    file: str
    old: str
    new: str
    found_by: tuple[str, ...]


BUGS = (
    Bug(
        "an unknown outcome settles at once",
        "domain/doubt.py",
        "return sent_at + self.deadline + self.settle",
        "return sent_at",
        ("tests/adapters/store/test_doubts.py", "tests/domain/test_doubt.py", "tests/domain/test_settler.py"),
    ),
    Bug(
        "a call goes out without an intent",
        "adapters/store/work.py",
        "        _mark_sent(connection, owner, work, now, safe_after=patience.safe_after(now))\n",
        "        patience.safe_after(now)\n",
        ("tests/adapters/store/test_handing_out.py",),
    ),
    Bug(
        "operations are claimed by IN (SELECT … LIMIT n)",
        "adapters/store/work.py",
        'connection.execute(_SENT, by | {"ids": [w.id for w in work]})',
        "found = select(operations.c.id).where(operations.c.state == State.PLANNED.value).limit(len(work))\n"
        "    ids = list(connection.execute(found.with_for_update(skip_locked=True)).scalars())\n"
        '    connection.execute(_SENT, by | {"ids": ids})',
        ("tests/adapters/store/test_two_processes.py",),
    ),
    Bug(
        "answers to a bulk call are matched by position",
        "domain/bulk.py",
        "return [Result(work, answer.items.get(work.iccid, _MISSING)) for work in works]",
        "return [Result(work, item) for work, item in zip(works, answer.items.values(), strict=False)]",
        ("tests/domain/test_bulk.py",),
    ),
    Bug(
        "a 500 is taken for a refusal and sent again",
        "adapters/platforms/sft/wire.py",
        "    if status >= 500:\n        return Meaning.AMBIGUOUS\n",
        "    if status >= 500:\n        return Meaning.THROTTLED\n",
        ("tests/adapters/platforms/sft/test_wire.py",),
    ),
    Bug(
        "decisions are not fenced",
        "adapters/store/decisions.py",
        '.where(o.id == bindparam("op"), o.token == bindparam("fence"), or_(*(o.state == state for state in before)))',
        '.where(o.id == bindparam("op"), bindparam("fence") > 0, or_(*(o.state == state for state in before)))',
        ("tests/adapters/store/test_decisions.py", "tests/adapters/store/test_doubts.py"),
    ),
    Bug(
        "what a dead process had sent is planned again when its lease expires",
        "adapters/store/work.py",
        '            state=State.IN_DOUBT.value, next_at=now, lookups=0, negatives=0, text="its process ended"',
        '            state=State.PLANNED.value, next_at=now, lookups=0, negatives=0, text="its process ended"',
        ("tests/adapters/store/test_doubts.py",),
    ),
    Bug(
        "a look-up does not check that its filter was honoured",
        "adapters/platforms/sft/client.py",
        "if found and iccid not in found else",
        "if not found else",
        ("tests/adapters/platforms/sft/test_reads.py",),
    ),
    Bug(
        "redirects are followed",
        "adapters/platforms/transport.py",
        "allow_redirects=False",
        "allow_redirects=True",
        ("tests/adapters/platforms/sft/test_transport.py",),
    ),
    Bug(
        "nobody looks at the clock between a call's turn and its first byte",
        "adapters/platforms/transport.py",
        "if time.monotonic() > self._latest:",
        "if self._latest < 0:",
        ("tests/adapters/platforms/sft/test_transport.py",),
    ),
    Bug(
        "a reservation that is over gives its SIM back whatever was sent",
        "adapters/store/giving_back.py",
        "over = [row for row in found if row.change_id not in touched]",
        "over = list(found)",
        ("tests/adapters/store/test_orders.py",),
    ),
    Bug(
        "an ICCID goes through a float",
        "domain/iccid.py",
        "            return IccidResult(text, digits=text)\n",
        "            return IccidResult(str(int(float(text))), digits=text)\n",
        ("tests/domain/test_iccid.py",),
    ),
    Bug(
        "an endpoint id is used without seeing its SIM on it",
        "domain/precheck.py",
        "    if work.kind not in PAIRED or (is_fresh(work) and not work.unclear):\n",
        "    if work.kind:\n",
        ("tests/domain/test_precheck.py", "tests/tasks/test_pair.py"),
    ),
    Bug(
        "a sale does not see the pair",
        "domain/selling_calls.py",
        "            answer = confirmed_by_look(answer, work, await look)\n",
        "            await look\n",
        ("tests/domain/test_precheck.py", "tests/tasks/test_pair.py"),
    ),
    Bug(
        "a sale believes an older look",
        "domain/selling_calls.py",
        "seen_at=work.sent_at if self._is_shown else 0.0",
        "seen_at=work.sent_at",
        ("tests/tasks/test_pair.py",),
    ),
    Bug(
        "a SIM that is free is taken for half an ending of ours",
        "domain/ending.py",
        "    if seen.sight in (Sight.DETACHED, Sight.UNPROVEN) and not has_begun:\n",
        "    if seen.sight in (Sight.DETACHED, Sight.UNPROVEN) and has_begun is None:\n",
        ("tests/domain/test_ending.py",),
    ),
    Bug(
        "done before counts as ours",
        "domain/ownership.py",
        "answer.already and not work.unclear:",
        "answer.already and work.unclear < 0:",
        ("tests/domain/test_precheck.py", "tests/tasks/test_pair.py"),
    ),
    Bug(
        "attempts that never left count as ours",
        "adapters/store/work.py",
        'unclear = or_(a.verdict == Verdict.UNKNOWN.value, a.event == "orphaned", a.text.like(f"{DELINKED}%"))',
        'unclear = or_(a.event == "sent", a.text.like(f"{DELINKED}%"))',
        ("tests/tasks/test_pair.py",),
    ),
    Bug(
        "the group of a taken endpoint is still asked for",
        "adapters/store/decisions.py",
        "    connection.execute(delete(operations).where(*waits,",
        "    str(delete(operations).where(*waits,",
        ("tests/tasks/test_pair.py",),
    ),
    Bug(
        "a taken endpoint counts towards a total",
        "adapters/store/selection.py",
        '    taken = _TAKEN if request.kind is Kind.ACTIVATE else "1 = 0"\n',
        '    taken = "1 = 0"\n',
        ("tests/tasks/test_pair.py",),
    ),
)
