"""The questions that commands and reports ask the store."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from adapters.store.reading import Reader, Row, loads
from adapters.store.standing import NOW, standing_of
from domain.lifecycle import Kind
from domain.operation import State
from domain.order import OrderState
from domain.order_trail import ABOUT
from domain.refund import WAITS
from domain.selection import AsAsked
from domain.standing import REVIVED
from domain.trail import COVERED, SIGNED

_FACTS_AT_ONCE = 5000
_LAST = 2**62

# An endpoint's operations in one change, worst outcome first.
_RANK = ("refused", "needs_human", "in_doubt", "sent", "planned", "confirmed")


def tally(reader: Reader, change: int, *, since: float, asked: AsAsked | None = None) -> Mapping[str, int]:
    """How many endpoints of a change stand where. `already`: what was done before `since`, or was there anyway.

    With `asked` only those count that did not move on since they were done.
    """
    refused, planned, confirmed = (_RANK.index(state) for state in ("refused", "planned", "confirmed"))
    done = f"items.worst = {confirmed} AND items.fresh = 0"
    moved_on, values = _moved_on(asked, done=done, undone=f"items.worst IN ({refused}, {planned})")
    rows = reader.rows(
        "SELECT items.worst, items.fresh, count(*) AS n FROM ("
        f"  SELECT endpoint, min({_BY_RANK}) AS worst, max({_FRESH}) AS fresh "
        "  FROM operations o WHERE change_id = :change GROUP BY endpoint) items "
        "JOIN endpoints e ON e.id = items.endpoint "
        f"WHERE NOT ({moved_on}) GROUP BY items.worst, items.fresh",
        {"change": change, "since": since} | values,
    )
    return _counted(rows)


def tally_rows(reader: Reader, batch: int, change: int, *, since: float, source: int = 0) -> Mapping[str, int]:
    """How many accepted rows of one file of a batch, or of all its files, stand where; see `tally`.

    A row whose endpoint another batch brought counts too: as refused where it cannot become what the file asks for,
    as already there while its create is that batch's business. `untouched`: SIMs in raw stock.
    """
    rows = reader.rows(
        f"SELECT CASE WHEN items.nth > 1 THEN {_DONE} "
        f"  WHEN :source <> 0 AND items.fresh = 0 AND e.state = 'terminated' THEN {_REFUSED} "
        "  ELSE items.worst END AS worst, CASE WHEN items.nth > 1 THEN 0 ELSE items.fresh END AS fresh, count(*) AS n "
        f"FROM ({_STANDING}) items JOIN endpoints e ON e.id = items.endpoint "
        "GROUP BY 1, 2",
        {"batch": batch, "change": change, "source": source, "since": since},
    )
    begun = [row for row in rows if row["worst"] is not None]
    untouched = {"untouched": sum(row["n"] for row in rows) - sum(row["n"] for row in begun)}
    if source:
        return _counted(begun) | untouched
    # A store that was made again from its audit trail has no rows.
    without = reader.rows(
        f"SELECT min({_BY_RANK}) AS worst, max({_FRESH}) AS fresh, 1 AS n FROM operations o "
        f"WHERE o.change_id = :change AND NOT {_HAS_ROW} GROUP BY o.endpoint",
        {"batch": batch, "change": change, "since": since},
    )
    return _counted([*begun, *without]) | untouched


_RANKS = " ".join(f"WHEN '{state}' THEN {number}" for number, state in enumerate(_RANK))
_BY_RANK = f"CASE o.state {_RANKS} END"
_REFUSED, _DONE = _RANK.index("refused"), _RANK.index("confirmed")
_FRESH = "CASE WHEN o.state = 'confirmed' AND o.updated_at >= :since AND NOT o.already THEN 1 ELSE 0 END"
_HERE = "o.change_id = :change"
# A create that another change makes is that one's business, unless it failed.
_RANK_HERE = f"CASE WHEN {_HERE} OR o.state IN ('refused', 'needs_human') THEN {_BY_RANK} ELSE {_DONE} END"
# Where the rows of files stand: by their own change, and else by the create that another change made or makes.
_STANDING = (
    "SELECT r.endpoint, row_number() OVER (PARTITION BY r.endpoint ORDER BY r.source_id) AS nth, "
    f"min(CASE WHEN o.id IS NOT NULL THEN {_RANK_HERE} END) AS worst, "
    f"max(CASE WHEN {_HERE} THEN {_FRESH} ELSE 0 END) AS fresh "
    "FROM rows r JOIN sources s ON s.id = r.source_id "
    f"LEFT JOIN operations o ON o.endpoint = r.endpoint AND ({_HERE} OR o.kind = 'create') "
    "WHERE s.batch_id = :batch AND (:source = 0 OR s.id = :source) GROUP BY r.source_id, r.row_no, r.endpoint"
)
_HAS_ROW = (
    "EXISTS (SELECT 1 FROM rows r JOIN sources s ON s.id = r.source_id "
    "WHERE r.endpoint = o.endpoint AND s.batch_id = :batch)"
)


def _counted(rows: Iterable[Row]) -> dict[str, int]:
    counts = dict.fromkeys([*_RANK, "already"], 0)
    for row in rows:
        state = _RANK[row["worst"]]
        counts["already" if state == State.CONFIRMED and not row["fresh"] else state] += row["n"]
    return counts


def writes_done(reader: Reader, change: int, *, since: float) -> dict[Kind, int]:
    """What of a change was done on the platform since then, by kind; what it had already is not among it."""
    rows = reader.rows(
        f"SELECT o.kind, sum({_FRESH}) AS n FROM operations o WHERE o.change_id = :change GROUP BY o.kind",
        {"change": change, "since": since},
    )
    return {Kind(row["kind"]): int(row["n"]) for row in rows if row["n"]}


def other_names(reader: Reader, source: int) -> Iterator[Row]:
    """The rows of a file that are not named as their endpoint is."""
    yield from reader.stream(
        "SELECT r.row_no, r.name AS asked, e.iccid, e.name FROM rows r JOIN endpoints e ON e.id = r.endpoint "
        "WHERE r.source_id = :source AND r.name <> e.name ORDER BY r.row_no",
        {"source": source},
    )


def _moved_on(asked: AsAsked | None, *, done: str, undone: str) -> tuple[str, dict[str, object]]:
    """Whether the endpoint `e` is out of reach of what was asked: done, and then moved on, or ended before."""
    if asked is None:
        return "1 = 0", {}
    names: dict[str, object] = {f"name_{number}": name for number, name in enumerate(asked.groups)}
    other = "e.state <> :state AND :state <> ''"
    if names:
        other += f" OR coalesce(e.\"group\", '') NOT IN ({', '.join(f':{name}' for name in names)})"
    ended = "e.state = 'terminated' AND :state <> 'terminated'"
    return f"({done}) AND ({other}) OR ({done} OR {undone}) AND {ended}", {"state": asked.state} | names


def source_totals(reader: Reader, batch: int, source: int = 0) -> Row:
    """The rows of one file of a batch, or of all its files, by outcome."""
    totals = reader.rows(
        "SELECT coalesce(sum(rows), 0) AS rows, coalesce(sum(accepted), 0) AS accepted, "
        "coalesce(sum(rejected), 0) AS rejected, coalesce(sum(duplicates), 0) AS duplicates, "
        "coalesce(sum(blank), 0) AS blank FROM sources WHERE batch_id = :batch AND (:source = 0 OR id = :source)",
        {"batch": batch, "source": source},
    )[0]
    return {name: int(value) for name, value in totals.items()}


def batches(reader: Reader, account: str | None = None) -> list[Row]:
    """All batches, newest last, with the states of their operations."""
    rows = reader.rows(
        "SELECT b.id, b.account, b.name, b.tags, b.created_at, c.id AS change_id, c.cancelled_at, c.size "
        "FROM batches b JOIN changes c ON c.batch_id = b.id "
        "WHERE (:account = '' OR b.account = :account) ORDER BY b.id",
        {"account": account or ""},
    )
    states = reader.rows(
        "SELECT e.batch_id, e.state, count(*) AS n FROM endpoints e GROUP BY e.batch_id, e.state",
    )
    problems = reader.rows(
        "SELECT change_id, state, count(*) AS n FROM operations WHERE state <> 'confirmed' GROUP BY change_id, state"
    )
    return [
        row
        | {
            "tags": loads(row["tags"]),
            "endpoints": {s["state"]: s["n"] for s in states if s["batch_id"] == row["id"]},
            "operations": {p["state"]: p["n"] for p in problems if p["change_id"] == row["change_id"]},
        }
        for row in rows
    ]


def batch_named(reader: Reader, account: str, name: str) -> Row | None:
    """One batch by its name."""
    return next((row for row in batches(reader, account) if row["name"] == name), None)


def changes_of(reader: Reader, batch: int) -> list[int]:
    """Every change with operations on the batch's endpoints."""
    rows = reader.rows(
        "SELECT DISTINCT o.change_id FROM operations o JOIN endpoints e ON e.id = o.endpoint WHERE e.batch_id = :batch",
        {"batch": batch},
    )
    return [row["change_id"] for row in rows]


def mapping(reader: Reader, *, change: int, asked: AsAsked | None = None, without_rows_of: int = 0) -> Iterator[Row]:
    """Every endpoint of a change: its mapping, and the operation that explains it best; `asked` as in `tally`."""
    moved_on, values = _moved_on(asked, done="o.state = 'confirmed'", undone="o.state IN ('refused', 'planned')")
    left_out = f"AND NOT {_HAS_ROW}" if without_rows_of else ""
    values |= {"batch": without_rows_of} if without_rows_of else {}
    yield from reader.stream(
        f"SELECT {_MAPPED} "
        "FROM (SELECT o.*, row_number() OVER (PARTITION BY o.endpoint "
        f"         ORDER BY {_BY_RANK}, o.id DESC) AS nth "
        f"      FROM operations o WHERE o.change_id = :change {left_out}) o "
        f"JOIN endpoints e ON e.id = o.endpoint WHERE o.nth = 1 AND NOT ({moved_on}) ORDER BY o.position, o.id",
        {"change": change} | values,
    )


def mapping_of_rows(reader: Reader, *, batch: int, change: int, source: int = 0) -> Iterator[Row]:
    """Every accepted row of one file of a batch, or of all its files, as `mapping` has it.

    With the name that the row asked for, and `brought_by`: the batch that brought its endpoint, if that is another.
    """
    yield from reader.stream(
        f"SELECT {_MAPPED}, o.row_no, o.asked, CASE WHEN e.batch_id <> :batch THEN b.name ELSE '' END AS brought_by "
        "FROM (SELECT r.source_id, r.row_no, r.name AS asked, r.endpoint AS of_endpoint, o.*, row_number() OVER ("
        f"         PARTITION BY r.source_id, r.row_no ORDER BY {_RANK_HERE}, {_HERE} DESC, o.id DESC) AS nth "
        "      FROM rows r JOIN sources s ON s.id = r.source_id "
        f"      LEFT JOIN operations o ON o.endpoint = r.endpoint AND ({_HERE} OR o.kind = 'create') "
        "      WHERE s.batch_id = :batch AND (:source = 0 OR s.id = :source)) o "
        "JOIN endpoints e ON e.id = o.of_endpoint JOIN batches b ON b.id = e.batch_id "
        "WHERE o.nth = 1 ORDER BY o.source_id, o.row_no",
        {"batch": batch, "change": change, "source": source},
    )
    if not source:
        yield from mapping(reader, change=change, without_rows_of=batch)


_MAPPED = (
    'e.name, e.iccid, e.endpoint_id, e.state, e."group", '
    "(SELECT %AGG%(t.tag, ',') FROM tags t WHERE t.endpoint = e.id) AS tags, "
    "o.kind, o.state AS outcome, o.text, o.code, o.already"
)


def calls(reader: Reader, change: int) -> list[tuple[str, float, float]]:
    """Kind, time and duration in seconds of every answer of the platform to the operations of a change."""
    rows = reader.rows(
        "SELECT o.kind, a.at, a.seconds FROM attempts a JOIN operations o ON o.id = a.operation_id "
        "WHERE o.change_id = :change AND a.event = 'answer' AND a.http_status > 0 ORDER BY a.id",
        {"change": change},
    )
    return [(row["kind"], row["at"], row["seconds"]) for row in rows]


def rejects(reader: Reader, batch: int, source: int = 0) -> Iterator[Row]:
    """The rejected rows of one file of a batch, or of all its files, with the columns they came in."""
    rows = reader.stream(
        "SELECT s.file_name, s.columns, r.row_no, r.problems, r.original FROM rejects r "
        "JOIN sources s ON s.id = r.source_id "
        "WHERE s.batch_id = :batch AND (:source = 0 OR s.id = :source) AND r.outcome = 'rejected' "
        "ORDER BY s.id, r.row_no",
        {"batch": batch, "source": source},
    )
    for row in rows:
        yield row | {name: loads(row[name]) for name in ("columns", "problems", "original")}


_ENDPOINTS = """
SELECT e.account, e.iccid, e.endpoint_id, e.name, e.state, e.network_state, e."group",
       (SELECT %AGG%(t.tag, ',') FROM tags t WHERE t.endpoint = e.id) AS tags,
       b.name AS batch, o.order_no AS "order", e.updated_at
FROM endpoints e JOIN batches b ON b.id = e.batch_id LEFT JOIN orders o ON o.endpoint = e.id
WHERE {where} ORDER BY e.id
"""
_FILTERS = {
    "account": "e.account = :account",
    "tag": "EXISTS (SELECT 1 FROM tags t WHERE t.endpoint = e.id AND t.tag = :tag)",
    "state": "e.state = :state",
    "group": '(e."group" = :group OR e."group" IN (SELECT q.name FROM pinned_groups p JOIN pinned_groups q '
    "ON q.account = p.account AND q.group_id = p.group_id "
    "WHERE p.account = e.account AND (p.name = :group OR p.group_id = :group)))",
    "batch": "b.name = :batch",
    "iccid": "e.iccid = :iccid",
    "order": "o.order_no = :order",
}


# Names that a person may mistype, as the store has them.
_NAMES = {
    "tag": "SELECT e.account, t.tag AS name FROM tags t JOIN endpoints e ON e.id = t.endpoint",
    "batch": "SELECT account, name FROM batches",
    "group": 'SELECT account, "group" AS name FROM endpoints WHERE "group" IS NOT NULL '
    "UNION ALL SELECT account, name FROM pinned_groups UNION ALL SELECT account, group_id FROM pinned_groups",
    "order": "SELECT account, order_no AS name FROM orders",
}


def has_name(reader: Reader, what: str, name: str, account: str | None) -> bool:
    """Whether the store has a tag, batch, group or order of this name."""
    of_account = "AND n.account = :account" if account else ""
    query = f"SELECT 1 FROM ({_NAMES[what]}) n WHERE n.name = :name {of_account} LIMIT 1"
    return bool(reader.rows(query, {"name": name} | ({"account": account} if account else {})))


def some_names(reader: Reader, what: str, account: str | None, limit: int) -> list[str]:
    """The first names of tags, batches, groups or orders."""
    of_account = "WHERE n.account = :account" if account else ""
    query = f"SELECT DISTINCT n.name FROM ({_NAMES[what]}) n {of_account} ORDER BY 1 LIMIT :limit"
    values = {"limit": limit} | ({"account": account} if account else {})
    return [row["name"] for row in reader.rows(query, values)]


def endpoints(reader: Reader, filters: Mapping[str, str | None]) -> Iterator[Row]:
    """Endpoints that match every filter given."""
    used = {name: value for name, value in filters.items() if value is not None}
    where = " AND ".join(_FILTERS[name] for name in used) or "1 = 1"
    for row in reader.stream(_ENDPOINTS.format(where=where), used):
        yield row | {"tags": sorted(row["tags"].split(",")) if row["tags"] else []}


def history(reader: Reader, iccid: str, account: str | None = None) -> list[Row]:
    """Everything known about what was done to one ICCID, oldest first."""
    return reader.rows(
        "SELECT e.account, e.iccid, o.id AS operation, o.kind, o.target, o.state, a.token AS attempt, a.at, a.event, "
        "a.verdict, a.endpoint_id, a.http_status, a.code, a.text, a.response_id, a.seconds "
        "FROM attempts a JOIN operations o ON o.id = a.operation_id JOIN endpoints e ON e.id = o.endpoint "
        "WHERE e.iccid = :iccid AND (:account = '' OR e.account = :account) ORDER BY a.id",
        {"iccid": iccid, "account": account or ""},
    )


def facts(reader: Reader, account: str, *, until: int | None = None) -> Iterator[Row]:
    """An account's audit trail, in order, a stretch at a time, so that no writer waits for the whole of it."""
    names = [account, *(name for name, present in former_names(reader).items() if present == account)]
    query, after = _facts_of(len(names)), 0
    where: dict[str, object] = {f"a{n}": name for n, name in enumerate(names)}
    where |= {"until": _LAST if until is None else until, "most": _FACTS_AT_ONCE}
    while some := reader.rows(query, where | {"after": after}):
        yield from some
        after = some[-1]["id"]


def _facts_of(names: int) -> str:
    """One query for each name, merged by id, so that none of them has to be sorted."""
    columns = ", ".join(("id", "hash", *COVERED))
    which = "id > :after AND id <= :until ORDER BY id LIMIT :most"
    each = (f"SELECT {columns} FROM attempts WHERE account = :a{n} AND {which}" for n in range(names))
    merged = " UNION ALL ".join(f"SELECT * FROM ({one}) f{n}" for n, one in enumerate(each))
    return f"{merged} ORDER BY id LIMIT :most"


def chains(reader: Reader) -> list[Row]:
    """The accounts that have facts or should have: how many there should be, the last link, and the last fact's id."""
    return reader.rows(
        "SELECT a.account, coalesce(c.facts, 0) AS length, coalesce(c.head, '') AS head, "
        "coalesce((SELECT max(f.id) FROM attempts f WHERE f.account = a.account), (SELECT max(f.id) FROM attempts f "
        "WHERE f.account IN (SELECT n.name FROM former_names n WHERE n.account = a.account)), 0) AS until "
        "FROM (SELECT account FROM chains UNION SELECT DISTINCT account FROM attempts) a "
        "LEFT JOIN chains c ON c.account = a.account WHERE a.account NOT LIKE '~%' "
        "AND (c.account IS NOT NULL OR a.account NOT IN (SELECT name FROM former_names)) ORDER BY 1",
        {},
    )


def chain(reader: Reader, name: str) -> Row:
    """How many facts a chain should have, and the last link."""
    found = reader.rows("SELECT facts AS length, head FROM chains WHERE account = :own", {"own": name})
    return found[0] if found else {"length": 0, "head": ""}


def approver_facts(reader: Reader) -> list[Row]:
    """Every fact about approvers, in order."""
    columns = ", ".join(("id", "hash", *SIGNED))
    return reader.rows(f"SELECT {columns}, name AS kind FROM approver_facts ORDER BY id")


def order_facts(reader: Reader) -> list[Row]:
    """Every fact about orders that were taken back, in order."""
    columns = ", ".join(("id", "hash", *(name if name != "group" else '"group"' for name in ABOUT)))
    return reader.rows(f"SELECT {columns}, order_no AS kind FROM order_facts ORDER BY id")


def stops(reader: Reader) -> list[Row]:
    """Accounts for which nothing may be sent."""
    return reader.rows("SELECT account, reason, at FROM stops ORDER BY account")


def accounts(reader: Reader) -> list[str]:
    """Accounts that have an endpoint, in stock or made."""
    return [row["account"] for row in reader.rows("SELECT DISTINCT account FROM endpoints ORDER BY account", {})]


def accounts_with_open_orders(reader: Reader) -> list[str]:
    """Accounts of which an order is in progress, or a refund not carried out."""
    query = (
        "SELECT DISTINCT account FROM orders WHERE closed_at IS NULL AND state IN ('in_progress', 'refunding') "
        "ORDER BY account"
    )
    return [row["account"] for row in reader.rows(query, {})]


def approvers(reader: Reader) -> list[Row]:
    """Persons who may sign, with the codes they have left."""
    return reader.rows(
        "SELECT p.name, count(c.hash) AS codes_left, p.locked_until, p.added_at, p.added_by FROM approvers p "
        "LEFT JOIN approver_codes c ON c.approver = p.name AND c.used_at IS NULL "
        "GROUP BY p.name, p.locked_until, p.added_at, p.added_by ORDER BY p.name"
    )


def stock(reader: Reader, account: str | None = None) -> list[Row]:
    """Endpoints by account, tag, group and state."""
    return reader.rows(
        "SELECT e.account, coalesce(t.tag, '') AS tag, coalesce(e.\"group\", '') AS \"group\", "
        "  sum(CASE WHEN e.state = 'stock' THEN 1 ELSE 0 END) AS stock, "
        "  sum(CASE WHEN e.state = 'pre_active' THEN 1 ELSE 0 END) AS pre_active, "
        "  sum(CASE WHEN e.state = 'pre_active' AND e.held_by IS NOT NULL THEN 1 ELSE 0 END) AS held, "
        "  sum(CASE WHEN e.state = 'active' THEN 1 ELSE 0 END) AS active, "
        "  sum(CASE WHEN e.state = 'suspended' THEN 1 ELSE 0 END) AS suspended, "
        "  sum(CASE WHEN e.state = 'terminated' THEN 1 ELSE 0 END) AS terminated "
        "FROM endpoints e LEFT JOIN tags t ON t.endpoint = e.id "
        "WHERE (:account = '' OR e.account = :account) "
        'GROUP BY e.account, t.tag, e."group" ORDER BY 1, 2, 3',
        {"account": account or ""},
    )


def unsettled(reader: Reader, account: str | None = None) -> list[Row]:
    """Operations in doubt, or waiting for a person, with what is known about them.

    One that was refused is among them while an order waits because of it.
    """
    return reader.rows(
        "SELECT o.id, o.account, e.iccid, e.name, e.endpoint_id, o.kind, o.target, o.state, o.text, o.code, o.lookups, "
        'o.negatives, o.safe_after, o.next_at, o.updated_at, o.change_id, o.token, r.order_no AS "order" '
        "FROM operations o JOIN endpoints e ON e.id = o.endpoint "
        "LEFT JOIN orders r ON r.endpoint = o.endpoint AND r.change_id = o.change_id AND r.closed_at IS NULL "
        "WHERE (o.state IN ('in_doubt', 'needs_human') OR o.state = 'refused' AND r.state = 'needs_human') "
        "AND (:account = '' OR o.account = :account) ORDER BY o.id",
        {"account": account or ""},
    )


def orders(reader: Reader, account: str | None = None, state: str | None = None) -> Iterator[Row]:
    """The orders, oldest first; one that was sold stands where its endpoint stands now."""
    # What stands as done in the store may stand anywhere that follows from its endpoint.
    which = "(:state = '' OR r.state = :state OR r.state = 'done' AND :state IN ('suspended', 'ended', "
    for row in _orders(reader, f"{which}'in_progress', 'needs_human'))", account, state=state or ""):
        if not state or row["state"] == state:
            yield row


def orders_held_up(reader: Reader, account: str | None = None) -> list[Row]:
    """Orders that need a person though no operation in `unsettled` may say so."""
    waits = "(r.state = 'needs_human' AND r.endpoint IS NULL OR r.state = 'refunding' AND r.text LIKE :waits)"
    revived = _orders(reader, "r.state = 'refunded' AND e.state = 'active'", account)
    return [
        *_orders(reader, waits, account, waits=f"{WAITS}%"),
        *(row for row in revived if row["text"] == REVIVED),
    ]


def _orders(reader: Reader, where: str, account: str | None, **values: str) -> Iterator[Row]:
    now = ", ".join(f"{asked.format(order='r', endpoint='e')} AS {name}" for name, asked in NOW.items())
    rows = reader.stream(
        'SELECT r.account, r.order_no AS "order", r.state, e.iccid, e.endpoint_id, e.state AS endpoint_state, r.tag, '
        f'r."group", r.text, r.created_at, r.refund, e."group" AS endpoint_group, {now} '
        "FROM orders r LEFT JOIN endpoints e ON e.id = r.endpoint "
        f"WHERE (:account = '' OR r.account = :account) AND {where} ORDER BY r.id",
        {"account": account or "", **values},
    )
    for row in rows:
        stands, text = standing_of(OrderState(row["state"]), row)
        told = row | {"state": stands.value, "text": text or row["text"]}
        yield {name: value for name, value in told.items() if name not in _ONLY_ASKED}


_ONLY_ASKED = frozenset({"refund", "endpoint_group", *NOW})


def totals_by_state(reader: Reader, change: int) -> Mapping[str, int]:
    """Operations of a change by state."""
    rows = reader.rows(
        "SELECT state, count(*) AS n FROM operations WHERE change_id = :change GROUP BY state", {"change": change}
    )
    return {row["state"]: row["n"] for row in rows}


_PART = 500  # ICCIDs in one question; SQLite takes 999 values in the oldest builds


def _in_parts(column: str, wanted: Sequence[object]) -> Iterator[tuple[str, dict[str, object]]]:
    """A condition on a column and its values, for some of what is wanted at a time."""
    for first in range(0, len(wanted), _PART):
        values = {f"i{nth}": one for nth, one in enumerate(wanted[first : first + _PART])}
        yield f"{column} IN ({', '.join(f':{name}' for name in values)})", values


def known(reader: Reader, account: str, iccids: Sequence[str]) -> Iterator[Row]:
    """Those of these ICCIDs that the account has: endpoint, batch, tags, and where their create stands.

    `is_raw`: nothing was begun for it, not even by the replenishing that may have planned it.
    """
    for condition, values in _in_parts("e.iccid", iccids):
        yield from reader.rows(
            'SELECT e.id, e.iccid, e.name, e.endpoint_id, e.state, b.name AS batch, o.state AS "create", '
            "CASE WHEN e.state = 'stock' AND (o.id IS NULL OR o.state = 'planned' AND EXISTS "
            "(SELECT 1 FROM changes c WHERE c.id = o.change_id AND c.request LIKE 'replenish %')) "
            "THEN 1 ELSE 0 END AS is_raw, "
            "CASE WHEN e.state = 'stock' "  # tags of others are not asked for
            "THEN (SELECT %AGG%(t.tag, ',') FROM tags t WHERE t.endpoint = e.id) END AS tags "
            "FROM endpoints e JOIN batches b ON b.id = e.batch_id "
            "LEFT JOIN operations o ON o.endpoint = e.id AND o.kind = 'create' AND o.target = '' AND o.round = 0 "
            f"WHERE e.account = :account AND {condition}",
            {"account": account} | values,
        )


def tag_operations(reader: Reader, endpoints: Sequence[int]) -> Iterator[Row]:
    """Every write of a tag to these endpoints of the store, with its change and where it stands."""
    for condition, values in _in_parts("t.endpoint", endpoints):
        yield from reader.rows(
            "SELECT t.endpoint, t.target AS tag, t.state, t.change_id FROM operations t "
            f"WHERE t.kind = 'tag' AND {condition}",
            values,
        )


def ended_elsewhere(reader: Reader, account: str) -> list[Row]:
    """ICCIDs that were terminated on other accounts, with the account."""
    return reader.rows(
        "SELECT iccid, account FROM endpoints WHERE state = 'terminated' AND account <> :account ORDER BY id",
        {"account": account},
    )


def batch_of_rows(reader: Reader, account: str, rows_digest: str, name: str | None) -> Row | None:
    """The batch that holds the same rows, or else the one of this name: where a file goes that is handed in now."""
    batch = "b.name, b.tags, c.id AS change_id FROM batches b JOIN changes c ON c.batch_id = b.id"
    same = reader.rows(
        f"SELECT 1 AS same, {batch} JOIN sources s ON s.batch_id = b.id "
        "WHERE s.account = :account AND s.rows_digest = :digest AND s.accepted > 0 AND c.request LIKE 'provision %' "
        "ORDER BY CASE WHEN b.name = :name THEN 0 ELSE 1 END, s.id LIMIT 1",
        {"account": account, "digest": rows_digest, "name": name or ""},
    )
    named = f"SELECT 0 AS same, {batch} WHERE b.account = :account AND b.name = :name"
    found = same or reader.rows(named, {"account": account, "name": name or ""})
    return found[0] | {"tags": loads(found[0]["tags"])} if found else None


def open_writes(reader: Reader, change: int) -> list[Row]:
    """What a provision's change still has to send, by kind; `there`: to endpoints that exist.

    Without what waits in vain: tags behind a create that was refused or waits for a person, and what was terminated.
    """
    return reader.rows(
        "SELECT o.kind, CASE WHEN e.state = 'stock' THEN 0 ELSE 1 END AS there, count(*) AS n "
        "FROM operations o JOIN endpoints e ON e.id = o.endpoint "
        "WHERE o.change_id = :change AND o.state = 'planned' AND e.state <> 'terminated' "
        "AND (o.kind = 'create' AND e.state = 'stock' OR o.kind = 'tag' AND (e.state <> 'stock' OR EXISTS ("
        "  SELECT 1 FROM operations c WHERE c.endpoint = o.endpoint AND c.kind = 'create' "
        "  AND c.state IN ('planned', 'sent', 'in_doubt')))) GROUP BY 1, 2",
        {"change": change},
    )


def esims(reader: Reader, account: str) -> Iterator[Row]:
    """Every ICCID of the account that has eSIM data, with that data."""
    yield from reader.stream(
        "SELECT e.iccid, s.eid, s.smdp_address, s.matching_id, s.object_id, s.needs_confirmation "
        "FROM esims s JOIN endpoints e ON e.id = s.endpoint WHERE e.account = :account ORDER BY e.id",
        {"account": account},
    )


def esim(reader: Reader, account: str, iccid: str) -> Row | None:
    """The eSIM data of one SIM, if any is recorded."""
    rows = reader.rows(
        "SELECT s.eid, s.smdp_address, s.matching_id, s.object_id, s.needs_confirmation "
        "FROM esims s JOIN endpoints e ON e.id = s.endpoint WHERE e.account = :account AND e.iccid = :iccid",
        {"account": account, "iccid": iccid},
    )
    return rows[0] if rows else None


def known_tags(reader: Reader, account: str) -> Sequence[str]:
    """The tags that endpoints of the account carry."""
    rows: list[dict[str, Any]] = reader.rows(
        "SELECT DISTINCT t.tag FROM tags t JOIN endpoints e ON e.id = t.endpoint WHERE e.account = :account ORDER BY 1",
        {"account": account},
    )
    return [row["tag"] for row in rows]


def held(reader: Reader, account: str, *, since: float) -> Iterator[Row]:
    """Every ICCID of the account, and whether a change of it is under way, in doubt, or newer than `since`.

    `tags` are those that the platform was seen to have taken, joined by commas.
    """
    yield from reader.stream(
        'SELECT e.iccid, e.endpoint_id, e.state, e."group", '
        "(SELECT %AGG%(t.target, ',') FROM operations t WHERE t.endpoint = e.id AND t.kind = 'tag' "
        "  AND t.state = 'confirmed') AS tags, CASE WHEN e.updated_at > :since OR EXISTS ("
        "  SELECT 1 FROM operations o WHERE o.endpoint = e.id AND o.state IN ('sent', 'in_doubt')"
        ") THEN 1 ELSE 0 END AS busy FROM endpoints e WHERE e.account = :account",
        {"account": account, "since": since},
    )


def pinned(reader: Reader, account: str) -> Mapping[str, str]:
    """The id of every group that was used, by the name it was used under."""
    query = "SELECT name, group_id FROM pinned_groups WHERE account = :account"
    return {row["name"]: row["group_id"] for row in reader.rows(query, {"account": account})}


def batch_accounts(reader: Reader) -> list[Row]:
    """The accounts that have batches."""
    return reader.rows("SELECT DISTINCT account FROM batches")


def account_pins(reader: Reader) -> list[Row]:
    """What every account stood for that was used."""
    return reader.rows('SELECT account, platform, address, "user", target, tenant, credential FROM account_pins')


def former_names(reader: Reader) -> dict[str, str]:
    """What accounts are called now, by the names that they were renamed from."""
    return {row["name"]: row["account"] for row in reader.rows("SELECT name, account FROM former_names")}


def is_used(reader: Reader, account: str) -> bool:
    """Whether the store holds anything under an account's name."""
    each = (f"EXISTS (SELECT 1 FROM {table} WHERE account = :account)" for table in ("endpoints", "orders", "batches"))
    query = f"SELECT CASE WHEN {' OR '.join(each)} THEN 1 ELSE 0 END AS used"
    return any(row["used"] for row in reader.rows(query, {"account": account}))


def held_by(reader: Reader, account: str) -> Row:
    """How much the store holds under an account's name."""
    tables = ("endpoints", "orders", "batches")
    each = (f"(SELECT count(*) FROM {table} WHERE account = :account) AS {table}" for table in tables)
    return next(iter(reader.rows(f"SELECT {', '.join(each)}", {"account": account})), {})


def group_target(reader: Reader, account: str, name: str) -> str | None:
    """What a group of the settings stood for, if it was used."""
    query = "SELECT target FROM group_targets WHERE account = :account AND name = :name"
    found = reader.rows(query, {"account": account, "name": name})
    return found[0]["target"] if found else None


def inbox(reader: Reader, account: str | None, meaning: str | None, limit: int = 1000) -> list[Row]:
    """The platform's events, latest first, with the ICCID of the endpoint that they are about."""
    return reader.rows(
        "SELECT i.account, i.at, i.type, i.event_id, e.iccid, i.endpoint_id, i.source, i.meaning, i.text FROM inbox i "
        "LEFT JOIN endpoints e ON e.account = i.account AND e.endpoint_id = i.endpoint_id "
        "WHERE i.source <> '' AND (:account = '' OR i.account = :account) AND (:meaning = '' OR i.meaning = :meaning) "
        "ORDER BY i.at DESC, i.event_id LIMIT :limit",
        {"account": account or "", "meaning": meaning or "", "limit": limit},
    )
