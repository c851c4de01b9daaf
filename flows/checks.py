"""What `preactive doctor` looks at."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from domain.errors import PreactiveError
from flows.embedded import home, is_healthy, running_server
from tasks import resources


@dataclass(frozen=True)
class Finding:
    """One thing that was checked."""

    what: str
    ok: bool
    text: str

    def line(self) -> str:
        """The finding for people."""
        return f"{'ok  ' if self.ok else 'BAD '} {self.what}: {self.text}"

    def json(self) -> dict[str, Any]:
        """The finding for programs."""
        return asdict(self)


def findings(account: str | None) -> Iterator[Finding]:
    """Check everything, however much of it is wrong."""
    yield _checked("settings", lambda: "accounts " + ", ".join(resources.account_names()))
    yield _checked("store", lambda: "; ".join(resources.check_store()))
    yield _checked("platform", lambda: _login(account))
    yield _prefect()
    yield Finding("versions", True, _versions())


def contract_findings(account: str | None) -> Iterator[Finding]:
    """What is known of the platform's calls; what a person has to verify is marked and counts as no fault."""
    from tasks.contract import check_contract

    for check in check_contract(account):
        yield Finding(check.what, check.ok is not False, check.text if check.ok is not None else f"to do: {check.text}")


def _checked(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except PreactiveError as error:
        return Finding(what, False, str(error))


def _login(account: str | None) -> str:
    name, options = resources.account(account)
    asyncio.run(_log_in(name))
    return f"account {name} is logged in at {options.base_url}"


async def _log_in(name: str) -> None:
    async with resources.session(name) as session:
        await session.platform.login()


def _prefect() -> Finding:
    import os

    url = os.environ.get("PREFECT_API_URL") or running_server(home())
    if not url:
        return Finding("prefect", True, "no server is named or running; commands start their own")
    return Finding("prefect", is_healthy(url), f"API at {url}")


def _versions() -> str:
    names = ("preactive", "prefect", "sqlalchemy", "aiohttp", "openpyxl")
    return ", ".join(f"{name} {version(name)}" for name in names) + f", SQLite {sqlite3.sqlite_version}"
