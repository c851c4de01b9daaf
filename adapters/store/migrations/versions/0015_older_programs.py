"""A program of an older version, which looks at the version once only, can neither plan nor record anything."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORDS = "this program is older than the store, end it and start the present one"


def upgrade() -> None:
    """Count facts in a column that older programs do not know, and let each bulk change say who planned it.

    No call goes out without a fact, and no fact is added without its chain; so nothing that is older sends anything.
    """
    op.add_column("chains", sa.Column("facts", KEY, server_default="0", nullable=False))
    op.execute("UPDATE chains SET facts = length, length = 0")
    op.add_column("changes", sa.Column("program", sa.String(length=8), server_default="", nullable=False))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION older_program() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE check_violation USING MESSAGE = '{WORDS}'; END $$"
        )
    _refuse("chains", "UPDATE OF length", "true")
    _refuse("changes", "INSERT", "NEW.program = ''")


def _refuse(table: str, event: str, when: str) -> None:
    guard = f"CREATE TRIGGER {table}_older_program BEFORE {event} ON {table} FOR EACH ROW WHEN ({when})"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"{guard} EXECUTE FUNCTION older_program()")
    else:
        op.execute(f"{guard} BEGIN SELECT RAISE(ABORT, '{WORDS}'); END")
