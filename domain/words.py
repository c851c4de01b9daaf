"""Numbers as people say them."""


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun: 1 row, 2 rows, 1,000 rows."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
