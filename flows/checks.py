"""What `preactive doctor` looks at."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from httpx import HTTPError

from domain.errors import PreactiveError
from domain.options import is_loopback
from flows.embedded import find_server, home, is_healthy, running_server
from flows.login import CLIENT_LOGIN, client_env, is_let_in
from tasks import resources


@dataclass(frozen=True)
class Finding:
    """One thing that was checked."""

    what: str
    ok: bool
    text: str
    todo: bool = False  # no fault, and a person has to look

    def line(self) -> str:
        """The finding for people."""
        return f"{'todo' if self.todo else 'ok  ' if self.ok else 'BAD '} {self.what}: {self.text}"

    def json(self) -> dict[str, Any]:
        """The finding for programs."""
        return asdict(self)


def findings(account: str | None) -> Iterator[Finding]:
    """Check everything, however much of it is wrong."""
    settings = _checked("settings", lambda: "accounts " + ", ".join(resources.account_names()))
    yield settings
    if settings.ok:  # or the same error would be told again and again
        yield _checked("store", lambda: "; ".join(resources.check_store()))
        yield from _stopped()
        yield from identities()
        yield _checked("platform", lambda: _login(account))
        yield worker_places()
    yield (found := prefect_api())
    if found.ok:
        yield from _schedules()
    yield seclusion(home())
    yield Finding("versions", True, _versions())


def contract_findings(account: str | None) -> Iterator[Finding]:
    """What is known of the platform's calls; what a person has to verify is marked and counts as no fault."""
    from tasks.contract import check_contract

    for check in check_contract(account):
        yield Finding(check.what, check.ok is not False, check.text, todo=check.ok is None)


def _checked(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except PreactiveError as error:
        return Finding(what, False, str(error))


def _stopped() -> Iterator[Finding]:
    """Accounts that a person stopped; that is no fault, and explains why nothing goes on."""
    try:
        stops = resources.stops()
    except PreactiveError:
        return  # the store's own line says so
    for name, stop in stops.items():
        words = f"account {name} is stopped ({stop['reason']}); `preactive account start {name}` lets it go on"
        yield Finding("account", True, words)


def identities() -> Iterator[Finding]:
    """Accounts whose names are no longer what they were."""
    try:
        elsewhere, unknown = resources.accounts_elsewhere(), resources.accounts_in_no_settings()
        doubles = resources.names_of_one_tenant()
    except PreactiveError:
        return  # the store's own line says so
    for words in elsewhere.values():
        yield Finding("account", False, words)
    for name, held in unknown.items():
        words = (
            f"account {name} is in the store ({held.sentence()}) and in no settings; name it there again, or say "
            f"`preactive account rename {name} NEW --reason TEXT` if it has a new name"
        )
        yield Finding("account", True, words, todo=True)
    for one, other in doubles:
        words = f"accounts {one} and {other} are one tenant; a SIM belongs to the one that recorded it first"
        yield Finding("account", True, words, todo=True)


def _login(account: str | None) -> str:
    name, options = resources.account(account)
    find_server()  # the account's secrets may be kept there
    asyncio.run(_log_in(name))
    return f"account {name} is logged in at {options.base_url}"


async def _log_in(name: str) -> None:
    async with resources.session(name, tries_again=True) as session:
        await session.log_in_anyhow()


def prefect_api() -> Finding:
    """Whether the Prefect API in use answers, and to whom."""
    ours = running_server(home())
    url = os.environ.get("PREFECT_API_URL") or ours
    if not url:
        return Finding("prefect", True, "no server is named or running; commands start their own")
    if not is_healthy(url):
        return Finding("prefect", False, f"API at {url} does not answer")
    login = (client_env(home()) if url == ours else os.environ).get(CLIENT_LOGIN, "")
    if not is_let_in(url, login):
        return Finding("prefect", False, f"API at {url} refuses our login; set {CLIENT_LOGIN}")
    if not is_let_in(url, ""):
        return Finding("prefect", True, f"API at {url} asks for a login")
    return open_to_everybody(url)


def _schedules() -> Iterator[Finding]:
    """Whether the server's schedules are carried out, where a server is named or running."""
    if not find_server():
        return
    from prefect.exceptions import PrefectException

    from flows.schedule_health import schedule_troubles

    try:
        troubles = asyncio.run(schedule_troubles())
    except (PrefectException, HTTPError, OSError) as error:
        yield Finding("schedules", False, f"the server does not tell of its deployments: {error}")
        return
    for text in troubles:
        yield Finding("schedules", False, text)
    if not troubles:
        yield Finding("schedules", True, "the last runs of all schedules were carried out")


def worker_places() -> Finding:
    """What a worker of a work pool would lack here; the runs of `up` work in the project's folder and need nothing."""
    relative = [*([] if resources.has_settings(anywhere=True) else ["PREACTIVE_CONFIG"]), *resources.places_not_kept()]
    words = "settings name absolute paths, as a worker of a work pool needs"
    if relative:
        named = f"{', '.join(relative)} {'is none' if len(relative) == 1 else 'are none'}"
        words = f"a worker of a work pool needs absolute paths: {named} (`make up` needs none)"
    return Finding("worker", True, words)


def seclusion(path: Path) -> Finding:
    """Whether others of this machine can look into Prefect's folder: its database holds runs and stored secrets."""
    if path.stat().st_mode & 0o077:
        return Finding("folder", False, f"{path} can be entered by others; chmod 700 {path}")
    return Finding("folder", True, f"{path} is for its owner alone")


def open_to_everybody(url: str) -> Finding:
    """What to say of a server without a login: on this machine it is a matter of taste, elsewhere it is not."""
    near = is_loopback(urlsplit(url).hostname or "")
    return Finding("prefect", near, f"API at {url} answers to anybody who reaches it, without a login")


def _versions() -> str:
    names = ("preactive", "prefect", "sqlalchemy", "aiohttp", "openpyxl")
    return ", ".join(f"{name} {version(name)}" for name in names) + f", SQLite {sqlite3.sqlite_version}"
