"""Works with a real store as the program does, and looks at it through a connection of its own."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import Row

from adapters.store import ingest, persons, selection
from adapters.store.selection import Request
from adapters.store.store import AccountLedger, Store
from domain.manifest import Manifest, ManifestRow, Outcome, Rows
from domain.operation import State
from domain.outcome import Answer, Verdict
from domain.pacing import Lane
from domain.ports import Result, Scope
from domain.selection import Selected
from tests.support.works import account, iccid

ACCOUNT = "travel"
OURS = {"account": ACCOUNT, "platform": "sft"}
# Every column that holds a time by the store's clock.
TIMES = {
    "operations": ("next_at", "safe_after", "updated_at"),
    "workers": ("heartbeat_at",),
    "buckets": ("next_at", "factor_at", "sold_at"),
    "attempts": ("at",),
    "refused_logins": ("at",),
    "endpoints": ("updated_at", "seen_at"),
    "orders": ("created_at", "reserved_until"),
}


def accepted(
    *numbers: int, names: Sequence[str | None] = (), tags: Sequence[tuple[str, ...]] = ()
) -> list[ManifestRow]:
    """Rows of a file as they come out of its checks."""
    return [
        ManifestRow(
            row_no=position + 2,
            outcome=Outcome.ACCEPTED,
            iccid=iccid(number),
            name=names[position] if names else None,
            tags=tags[position] if tags else (),
        )
        for position, number in enumerate(numbers)
    ]


def manifest(rows: Iterable[ManifestRow], content: object = None) -> Manifest:
    """A checked file; two files with the same content have the same bytes."""
    rows = tuple(rows)
    digest = hashlib.sha256(repr(rows if content is None else content).encode()).hexdigest()
    return Manifest("file.csv", digest, ("iccid",), Rows(rows))


class Desk:
    """One store, and the ledgers of as many processes as a test wants."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._stores: list[Store] = []
        self._outside = create_engine(url, pool_pre_ping=True)
        self.store = self.another_store()
        self._ledgers = 0

    @property
    def is_embedded(self) -> bool:
        return self.url.startswith("sqlite")

    def another_store(self) -> Store:
        """The store as another process opens it."""
        self._stores.append(Store(self.url))
        return self._stores[-1]

    def close(self) -> None:
        for store in self._stores:
            store.close()
        self._outside.dispose()

    # --- a connection of its own ---

    def see(self, sql: str, **values: object) -> Sequence[Row[Any]]:
        """Read what is committed."""
        with self._outside.connect() as connection:
            return connection.execute(text(sql), values).all()

    def one(self, sql: str, **values: object) -> Any:
        """The only value of the only row."""
        return self.see(sql, **values)[0][0]

    def do(self, sql: str, **values: object) -> None:
        """Change something behind the program's back."""
        with self.changing() as connection:
            connection.execute(text(sql), values)

    @contextmanager
    def changing(self) -> Iterator[Connection]:
        """A transaction of somebody who minds no guard of the tables, committed at the end of a with block."""
        with self._outside.begin() as connection:
            if not self.is_embedded:
                connection.execute(text("SET LOCAL session_replication_role = replica"))
                yield connection
                return
            guards = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
            for guard in guards:
                connection.execute(text(f"DROP TRIGGER {guard.name}"))
            yield connection
            for guard in guards:
                connection.execute(text(guard.sql))

    def minding(self) -> AbstractContextManager[Connection]:
        """A transaction of somebody else under the guards of the tables, committed at the end of a with block."""
        return self._outside.begin()

    def later(self, seconds: float) -> None:
        """Let time pass: everything recorded happened so much earlier."""
        with self.minding() as connection:
            for table, columns in TIMES.items():
                moved = ", ".join(f"{column} = {column} - :seconds" for column in columns)
                connection.execute(text(f"UPDATE {table} SET {moved}"), {"seconds": seconds})

    def operations(self, kind: str = "create") -> list[str]:
        """The states of the operations of this kind, in order."""
        return [row.state for row in self.see("SELECT state FROM operations WHERE kind = :kind ORDER BY id", kind=kind)]

    def endpoint(self, number: int) -> Row[Any]:
        """What is recorded of one SIM."""
        return self.see("SELECT * FROM endpoints WHERE iccid = :iccid", iccid=iccid(number))[0]

    def facts(self, event: str = "") -> list[tuple[int, str, str | None]]:
        """What happened: token, verdict and endpoint id of each attempt's events."""
        rows = self.see("SELECT * FROM attempts WHERE :event IN ('', event) ORDER BY id", event=event)
        return [(row.token, row.verdict, row.endpoint_id) for row in rows]

    # --- as the program does it ---

    def ingest(
        self, file: Manifest, *, batch: str = "march", is_named: bool = False, **options: Any
    ) -> ingest.Ingested:
        """Store a checked file as tasks.resources does."""
        return self.store.write(ingest.ingest, **self.ingest_values(file, batch=batch, is_named=is_named, **options))

    def ingest_values(
        self, file: Manifest, *, batch: str = "march", is_named: bool = False, **options: Any
    ) -> dict[str, Any]:
        """A checked file as the store takes it."""
        source = ingest.Source(
            file_name=file.source_name,
            digest=file.digest,
            rows_digest=file.rows_digest,
            columns=file.columns,
            **file.numbers(),
        )
        values: dict[str, Any] = {
            "account": ACCOUNT,
            "batch": batch,
            "is_named": is_named,
            "source": source,
            "accepted": [(row.row_no, row.iccid, row.name) for row in file.accepted],
            "name_template": "{batch}-{row:06d}",
            "rejected": [
                {
                    "row_no": row.row_no,
                    "outcome": row.outcome.value,
                    "problems": [problem._asdict() for problem in row.problems],
                    "original": list(row.original),
                }
                for row in file.rejected
            ],
            "tags": (),
            "platform_tags": "off",
            "row_tags": [(row.iccid, tag) for row in file.accepted for tag in row.tags],
        }
        return values | options

    def batch(self, count: int, **options: Any) -> Scope:
        """A batch of so many SIMs, and the change that creates them."""
        return Scope(self.ingest(manifest(accepted(*range(1, count + 1))), **options).change)

    def pre_active(self, count: int, **options: Any) -> Scope:
        """A batch whose endpoints all wait for a buyer, with ids E1, E2, ..."""
        scope = self.batch(count, **options)
        self.do("UPDATE endpoints SET endpoint_id = 'E' || id, state = 'pre_active'")
        self.do("UPDATE operations SET state = 'confirmed', token = 1 WHERE kind = 'create'")
        return scope

    def select(self, **request: Any) -> Selected:
        """Select endpoints for an activation."""
        return self.store.write(selection.select_endpoints, Request(**(OURS | request)))

    def preview(self, **request: Any) -> Selected:
        """What a request would select."""
        return self.store.write(selection.preview, Request(**(OURS | request)))

    def decide(
        self, operation: int, state: State, *, platform: str = "sft", store: Store | None = None, **said: Any
    ) -> None:
        """A person decides about an operation."""
        said = {"endpoint_id": None, "reason": "seen in the portal"} | said
        (store or self.store).write(persons.decide_by_person, operation, state, platform_of=lambda _: platform, **said)

    async def ledger(
        self, store: Store | None = None, *, name: str = ACCOUNT, lane: Lane = Lane.BULK, **settings: Any
    ) -> AccountLedger:
        """The ledger of one more process, entered among the living; from the second on with a store of its own."""
        self._ledgers += 1
        opened = store or (self.store if self._ledgers == 1 else self.another_store())
        made = AccountLedger(opened, name, account(**settings), lane)
        await made.open()
        return made


def done(work, endpoint_id: str | None = None, **fields: Any) -> Result:
    """The platform said yes."""
    return Result(work, Answer(Verdict.DONE, endpoint_id=endpoint_id or f"E{work.endpoint}", **fields))


def came(work, *answer: Any, **fields: Any) -> Result:
    """What came of a call."""
    return Result(work, Answer(*answer, **fields))
