"""Statements are compiled once for a test process, and not once more for each of its thousands of embedded stores."""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.util import LRUCache

_SHARED: LRUCache[Any, Any] = LRUCache(5000)


def share_compiled_statements() -> None:
    """Let every engine of an embedded store know what any other engine of this process has compiled."""
    make = Engine.__init__

    def sharing(self: Any, *arguments: Any, **options: Any) -> None:
        make(self, *arguments, **options)
        if self.dialect.name == "sqlite":
            self._compiled_cache = _SHARED

    replaced: Any = {Engine: {"__init__": sharing}, SQLiteDialect: {"__eq__": _is_same, "__hash__": _hash}}
    for of, methods in replaced.items():
        for name, method in methods.items():
            setattr(of, name, method)


def _kind(dialect: Any) -> tuple[Any, ...]:
    return type(dialect), dialect.paramstyle, dialect.server_version_info


def _is_same(self: Any, other: Any) -> bool:
    return isinstance(other, SQLiteDialect) and _kind(self) == _kind(other)


def _hash(self: Any) -> int:
    return hash(_kind(self))
