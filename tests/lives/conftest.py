"""Stores for many real processes at once."""

import shutil
from collections.abc import Callable
from itertools import count

import pytest


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request, quick_path) -> Callable[[], str]:
    """Gives the URL of one more fresh store, on each database in turn."""
    numbers = count(1)

    def embedded() -> str:
        path = quick_path / f"store-{next(numbers)}.db"
        shutil.copy(request.getfixturevalue("prepared_file"), path)
        return f"sqlite:///{path}"

    return embedded if request.param == "sqlite" else request.getfixturevalue("postgres").copied
