"""The tables. Times are seconds since 1970, UTC, by the store's clock."""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from adapters.store.schema import HEAD
from domain.approval import Standing
from domain.lifecycle import Kind, Lifecycle
from domain.operation import State
from domain.order import RECORDED
from domain.order_trail import OrderEvent

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# BIGINT keys on PostgreSQL; SQLite numbers rows by itself only for INTEGER.
Key = BigInteger().with_variant(Integer, "sqlite")


def _one_of(column: str, values: Iterable[StrEnum]) -> str:
    return f"{column} IN ({', '.join(repr(value.value) for value in values)})"


batches = Table(
    "batches",
    metadata,
    Column("id", Key, primary_key=True),
    Column("account", String(64), nullable=False),
    Column("name", String(100), nullable=False),
    Column("tags", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    UniqueConstraint("account", "name"),
)

# The hand-overs of a batch: the file it began with, and corrected reject files handed in later.
sources = Table(
    "sources",
    metadata,
    Column("id", Key, primary_key=True),
    Column("batch_id", Key, ForeignKey("batches.id"), nullable=False),
    Column("account", String(64), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("rows_digest", String(64), nullable=False),
    Column("columns", JSON, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
    Column("blank", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    CheckConstraint("rows = accepted + rejected + duplicates + blank", name="sum"),
    Index(None, "account", "digest"),
    Index(None, "account", "rows_digest"),
)

# Rows of a source that need explaining; accepted rows are the operations of the batch.
rejects = Table(
    "rejects",
    metadata,
    Column("source_id", Key, ForeignKey("sources.id"), primary_key=True),
    Column("row_no", Integer, primary_key=True),
    Column("outcome", String(16), nullable=False),
    Column("problems", JSON, nullable=False),
    Column("original", JSON, nullable=False),
)

# The accepted rows: which ICCID stood where, under which name, and what the store already knew of it.
rows = Table(
    "rows",
    metadata,
    Column("source_id", Key, ForeignKey("sources.id"), primary_key=True),
    Column("row_no", Integer, primary_key=True),
    Column("endpoint", Key, ForeignKey("endpoints.id"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("known", Boolean, nullable=False),
    Index(None, "endpoint"),
)

endpoints = Table(
    "endpoints",
    metadata,
    Column("id", Key, primary_key=True),
    Column("account", String(64), nullable=False),
    Column("iccid", String(22), nullable=False),
    Column("endpoint_id", String(64)),
    Column("name", String(100), nullable=False),
    Column("state", String(16), nullable=False),
    Column("network_state", String(16), nullable=False, server_default="unknown"),
    Column("group", String(100)),
    Column("batch_id", Key, ForeignKey("batches.id"), nullable=False),
    Column("updated_at", Float, nullable=False),
    # When a read, or the answer to the create, last showed this id with this ICCID (domain/precheck.py).
    Column("seen_at", Float, nullable=False, server_default="0"),
    Column("held_by", Key),  # the order it is kept for, or was kept for when the platform would not activate it
    UniqueConstraint("account", "iccid"),
    UniqueConstraint("account", "endpoint_id"),
    CheckConstraint(_one_of("state", Lifecycle), name="state"),
    CheckConstraint("endpoint_id IS NOT NULL OR state IN ('stock', 'terminated')", name="mapped"),
    Index(None, "batch_id"),
    Index(None, "account", "state"),
)
_free = (endpoints.c.state == Lifecycle.PRE_ACTIVE.value) & endpoints.c.held_by.is_(None)
Index("ix_endpoints_free", endpoints.c.account, endpoints.c.id, sqlite_where=_free, postgresql_where=_free)

tags = Table(
    "tags",
    metadata,
    Column("endpoint", Key, ForeignKey("endpoints.id"), primary_key=True),
    Column("tag", String(100), primary_key=True),
    Index(None, "tag", "endpoint"),
)

# What a buyer needs to install the endpoint's profile, as the first file that brought it says.
esims = Table(
    "esims",
    metadata,
    Column("endpoint", Key, ForeignKey("endpoints.id"), primary_key=True),
    Column("source_id", Key, ForeignKey("sources.id"), nullable=False),
    Column("eid", String(32)),
    Column("smdp_address", String(255)),
    Column("matching_id", String(255)),
    Column("object_id", String(255)),
    Column("needs_confirmation", Boolean, nullable=False),
    Index(None, "smdp_address", "matching_id"),
)

# One requested bulk change. The same request again finds the same row, and so goes on instead of starting over.
changes = Table(
    "changes",
    metadata,
    Column("id", Key, primary_key=True),
    Column("account", String(64), nullable=False),
    Column("request", String(300), nullable=False),
    Column("batch_id", Key, ForeignKey("batches.id")),
    Column("size", Integer, nullable=False, server_default="0"),
    # Only positions below this are handed out (adapters/store/grants.py).
    Column("allowed", Integer, nullable=False, server_default="0"),
    Column("cancelled_at", Float),
    Column("created_at", Float, nullable=False),
    # The version that planned it; a trigger refuses those that do not say.
    Column("program", String(8), nullable=False, server_default="", default=HEAD),
    UniqueConstraint("account", "request"),
)
_of_a_batch = changes.c.batch_id.is_not(None)  # orders have none
Index("ix_changes_batch_id", changes.c.batch_id, sqlite_where=_of_a_batch, postgresql_where=_of_a_batch)

operations = Table(
    "operations",
    metadata,
    Column("id", Key, primary_key=True),
    Column("account", String(64), nullable=False),
    Column("change_id", Key, ForeignKey("changes.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("endpoint", Key, ForeignKey("endpoints.id"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("target", String(100), nullable=False, server_default=""),
    Column("round", Integer, nullable=False, server_default="0"),
    Column("state", String(16), nullable=False),
    Column("token", Integer, nullable=False, server_default="0"),
    Column("owner", String(36)),
    Column("next_at", Float, nullable=False, server_default="0"),
    Column("safe_after", Float, nullable=False, server_default="0"),
    Column("lookups", Integer, nullable=False, server_default="0"),
    Column("negatives", Integer, nullable=False, server_default="0"),
    Column("code", String(40), nullable=False, server_default=""),
    Column("text", Text, nullable=False, server_default=""),
    Column("already", Boolean, nullable=False, server_default="0"),
    Column("updated_at", Float, nullable=False),
    # An endpoint can be suspended, or put into a group, more than once: each time is a round.
    UniqueConstraint("endpoint", "kind", "target", "round"),
    CheckConstraint(_one_of("state", State), name="state"),
    CheckConstraint(_one_of("kind", Kind), name="kind"),
    Index(None, "change_id", "state", "position"),
    Index(None, "account", "state"),
)
_UNDER_WAY = text("kind IN ('activate', 'suspend', 'resume', 'terminate') AND state IN ('planned', 'sent', 'in_doubt')")
# One change of state of an endpoint at a time, whoever plans it. Which may follow which is guarded by triggers that
# the migrations make.
Index(
    "uq_operations_under_way",
    operations.c.endpoint,
    unique=True,
    sqlite_where=_UNDER_WAY,
    postgresql_where=_UNDER_WAY,
)

# What happened, in the order it was learned. Rows are only ever added.
attempts = Table(
    "attempts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("operation_id", Key, ForeignKey("operations.id"), nullable=False),
    Column("token", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("event", String(16), nullable=False),
    Column("owner", String(36), nullable=False, server_default=""),
    Column("verdict", String(16), nullable=False, server_default=""),
    Column("endpoint_id", String(64)),
    Column("http_status", Integer, nullable=False, server_default="0"),
    Column("code", String(40), nullable=False, server_default=""),
    Column("text", Text, nullable=False, server_default=""),
    Column("response_id", String(100), nullable=False, server_default=""),
    Column("seconds", Float, nullable=False, server_default="0"),
    # What the fact is about and what it decided, so that the facts alone tell everything (domain/trail.py).
    Column("account", String(64), nullable=False, server_default=""),
    Column("iccid", String(22), nullable=False, server_default=""),
    Column("name", String(100), nullable=False, server_default=""),
    Column("batch", String(100), nullable=False, server_default=""),
    Column("kind", String(16), nullable=False, server_default=""),
    Column("target", String(100), nullable=False, server_default=""),
    Column("round", Integer, nullable=False, server_default="0"),
    Column("state", String(16), nullable=False, server_default=""),
    Column("hash", String(64), nullable=False, server_default=""),
    Index(None, "operation_id"),
    Index(None, "account", "id"),
)

# The last link of each account's facts, so that facts missing at the end are noticed too.
chains = Table(
    "chains",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("length", Key, nullable=False, default=0),  # older programs alone would change it, which a trigger refuses
    Column("head", String(64), nullable=False),
    Column("facts", Key, nullable=False, server_default="0"),
)

# The activation codes of SIMs that are still to be claimed; a code is forgotten when its SIM is on the account.
claim_codes = Table(
    "claim_codes",
    metadata,
    Column("endpoint", Key, ForeignKey("endpoints.id"), primary_key=True),
    Column("code", String(200), nullable=False),
)

# Which id a group's name stood for when it was first used; a name that means another group later is noticed.
pinned_groups = Table(
    "pinned_groups",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("group_id", String(64), nullable=False),
    Column("pinned_at", Float, nullable=False),
)

# What a group of the settings stood for when it was first used: a look-up asks for what was sent.
group_targets = Table(
    "group_targets",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("target", Text, nullable=False),
    Column("pinned_at", Float, nullable=False),
)

# The tenant behind an account's settings when it was first used. `tenant` is the tenant's own id, `credential` a slow
# hash where nothing else tells tenants apart; both are empty until known.
account_pins = Table(
    "account_pins",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("platform", String(16), nullable=False),
    Column("address", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("tenant", Text, nullable=False, server_default=""),
    Column("credential", String(64), nullable=False, server_default=""),
    Column("pinned_at", Float, nullable=False),
)

# Names that accounts were renamed from: older facts of an account bear them.
former_names = Table(
    "former_names",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("renamed_at", Float, nullable=False),
)

# A platform's events, each once, whether a webhook or a poll brought them. `reports`: it reports an endpoint's state.
inbox = Table(
    "inbox",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("event_id", String(64), primary_key=True),
    Column("at", Float, nullable=False),
    Column("type", String(100), nullable=False),
    Column("endpoint_id", String(64)),
    Column("reports", Boolean, nullable=False),
    Column("source", String(16), nullable=False),
    Column("meaning", String(16), nullable=False),
    Column("text", Text, nullable=False, server_default=""),
    Column("received_at", Float, nullable=False),
    Index(None, "account", "meaning"),
    Index(None, "account", "endpoint_id", "at"),
)

orders = Table(
    "orders",
    metadata,
    Column("id", Key, primary_key=True),
    Column("account", String(64), nullable=False),
    Column("order_no", String(100), nullable=False),
    Column("tag", String(100), nullable=False, server_default=""),
    Column("group", String(100), nullable=False, server_default=""),
    Column("endpoint", Key, ForeignKey("endpoints.id")),
    Column("change_id", Key, ForeignKey("changes.id")),
    Column("state", String(16), nullable=False),
    Column("text", Text, nullable=False, server_default=""),
    Column("run", String(36), nullable=False, server_default=""),
    Column("reserved_until", Float, nullable=False, server_default="0"),
    Column("created_at", Float, nullable=False),
    Column("closed_at", Float),
    Column("refund", String(16), nullable=False, server_default=""),  # what its refund does to the endpoint
    UniqueConstraint("account", "order_no"),
    CheckConstraint(_one_of("state", RECORDED), name="state"),
    Index(None, "account", "created_at"),
)
# Two orders never hold the same endpoint.
Index("uq_orders_endpoint", orders.c.endpoint, unique=True)
_unfinished = orders.c.closed_at.is_(None)
Index("ix_orders_open", orders.c.account, sqlite_where=_unfinished, postgresql_where=_unfinished)

# What happened to orders that were taken back. Rows are only ever added, each bound to the last one.
order_facts = Table(
    "order_facts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("account", String(64), nullable=False),
    Column("order_no", String(100), nullable=False),
    Column("at", Float, nullable=False),
    Column("event", String(16), nullable=False),
    Column("tag", String(100), nullable=False),
    Column("group", String(100), nullable=False),
    Column("iccid", String(22), nullable=False),
    Column("refund", String(16), nullable=False),
    Column("owner", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    CheckConstraint(_one_of("event", OrderEvent), name="event"),
    Index(None, "account", "at"),
)

buckets = Table(
    "buckets",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("next_at", Float, nullable=False),
    Column("factor", Float, nullable=False),
    Column("factor_at", Float, nullable=False),
    Column("strikes", Integer, nullable=False),
    Column("sold_at", Float, nullable=False, server_default="0"),
    Column("left", Float, nullable=False, server_default="0"),
    Column("holes", Text, nullable=False, server_default=""),
)

# What the store's clock is ahead of the time since this start of the machine (adapters/store/clock.py).
clock = Table(
    "clock",
    metadata,
    Column("boot", String(64), primary_key=True),
    Column("offset", Float, nullable=False),
)

workers = Table(
    "workers",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("account", String(64), nullable=False),
    Column("heartbeat_at", Float, nullable=False),
    Column("lane", String(8), nullable=False, server_default="bulk"),
)

# A row here stops all writes of an account, in every process.
stops = Table(
    "stops",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at", Float, nullable=False),
)

# Logins that the platform refused; `mark` tells one secret from another and gives none away.
refused_logins = Table(
    "refused_logins",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("mark", String(64), primary_key=True),
    Column("times", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Float, nullable=False),
)

# Persons who may sign for a change, each with codes that work once.
approvers = Table(
    "approvers",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("salt", String(64), nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("locked_until", Float, nullable=False, server_default="0"),
    Column("added_at", Float, nullable=False),
    Column("added_by", String(64), nullable=False),
)

approver_codes = Table(
    "approver_codes",
    metadata,
    Column("approver", String(64), ForeignKey("approvers.name"), primary_key=True),
    Column("hash", String(128), primary_key=True),
    Column("used_at", Float),
)

# One change of one run that waits for signatures or has them. Its answers name persons also after they were removed.
approvals = Table(
    "approvals",
    metadata,
    Column("id", Key, primary_key=True),
    Column("run", String(36), nullable=False),
    Column("account", String(64), nullable=False),
    Column("words", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("count", Integer, nullable=False),
    Column("standing", String(16), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("decided_at", Float),
    UniqueConstraint("run", "digest"),
    CheckConstraint(_one_of("standing", Standing), name="standing"),
)

approval_answers = Table(
    "approval_answers",
    metadata,
    Column("approval_id", Key, ForeignKey("approvals.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("at", Float, nullable=False),
)

# How many endpoints a run was let through, and by which approval; one approval lets through once.
grants = Table(
    "grants",
    metadata,
    Column("id", Key, primary_key=True),
    Column("run", String(36), nullable=False),
    Column("change_id", Key, ForeignKey("changes.id"), nullable=False),
    Column("endpoints", Integer, nullable=False),
    Column("approval_id", Key, ForeignKey("approvals.id")),
    Column("os_user", String(64), nullable=False),
    Column("at", Float, nullable=False),
    UniqueConstraint("approval_id"),
    Index(None, "run"),
)

# Who was made an approver, struck, signed, and what was done with it. Rows are only ever added, each bound to the last.
approver_facts = Table(
    "approver_facts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("at", Float, nullable=False),
    Column("event", String(16), nullable=False),
    Column("name", String(64), nullable=False),
    Column("os_user", String(64), nullable=False),
    Column("approval_id", Key, ForeignKey("approvals.id")),
    Column("text", Text, nullable=False, server_default=""),
    Column("hash", String(64), nullable=False),
)
