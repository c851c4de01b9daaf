"""Who may speak with a Prefect server that we start: its login, the key of its secrets, and pages of which origin."""

import os
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from domain.errors import SettingsError, UsageError
from domain.options import is_loopback
from tasks.resources import private_folder

SERVER_LOGIN, CLIENT_LOGIN = "PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING"
KEY = "PREFECT_SERVER_ENCRYPTION_KEY"
ORIGINS = "PREFECT_SERVER_CORS_ALLOWED_ORIGINS"
LEASES = "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE"
_LEASE_STORAGE = "prefect.server.concurrency.lease_storage"
_SHORTEST = 16


def login_file(home: Path) -> Path:
    """Where the login is kept, which the program makes when none is given."""
    return _folder(home) / "login"


def client_env(home: Path) -> dict[str, str]:
    """What clients of our own server need in their environment."""
    chosen = os.environ.get(CLIENT_LOGIN) or os.environ.get(SERVER_LOGIN)
    return {CLIENT_LOGIN: chosen or _kept(login_file(home), _new_login)}


def server_env(home: Path, port: int, host: str = "127.0.0.1") -> dict[str, str]:
    """What our own server and its clients need in their environment, so that nobody else gets an answer.

    Raises UsageError for an address that others can reach without a login that somebody chose; SettingsError for a
    login that is of no use.
    """
    chosen = os.environ.get(SERVER_LOGIN, "")
    if not chosen and not is_loopback(host):
        raise UsageError(
            f"The server would be reached from other machines at {host} without a login that you chose; "
            f"set {SERVER_LOGIN} to user:password, or leave --host out."
        )
    if chosen:
        _check(chosen)
    login = chosen or _kept(login_file(home), _new_login)
    return {
        SERVER_LOGIN: login,
        CLIENT_LOGIN: login,
        # Prefect would keep the key of its secrets in the same database.
        KEY: os.environ.get(KEY) or _kept(_folder(home) / "encryption-key", _new_key),
        ORIGINS: os.environ.get(ORIGINS) or ",".join(_origins(host, port)),
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
        # Kept in memory, the leases of somebody's own limits would end with the server, and their runs after them.
        LEASES: os.environ.get(LEASES) or f"{_LEASE_STORAGE}.filesystem",
    }


def is_let_in(url: str, login: str) -> bool:
    """Whether the Prefect API there answers to this login; an empty one is none at all."""
    headers = {"Authorization": f"Basic {b64encode(login.encode()).decode()}"} if login else {}
    request = Request(f"{url}/admin/version", headers=headers)  # noqa: S310 - callers have asked is_healthy before
    try:
        with urlopen(request, timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except HTTPError as error:
        return error.code not in (401, 403)
    except (URLError, OSError):
        return False


def _check(login: str) -> None:
    user, _, password = login.partition(":")
    if not user or len(password) < _SHORTEST or not login.isascii() or not login.isprintable():
        raise SettingsError(
            f"{SERVER_LOGIN} must be user:password, the password at least {_SHORTEST} ASCII characters long."
        )


def _origins(host: str, port: int) -> list[str]:
    names = dict.fromkeys(("127.0.0.1", "localhost") if is_loopback(host) else (host,))
    return [f"http://{name}:{port}" for name in names]


def _folder(home: Path) -> Path:
    # Beside the database and not in its folder: whoever copies the one does not carry the other away with it.
    return private_folder(home.with_name(f"{home.name}-keys"))


def _kept(path: Path, make: Callable[[], str]) -> str:
    """What the file holds; the first who asks makes it, whole or not at all."""
    if not path.exists():
        handle, new = mkstemp(dir=path.parent)  # readable by its owner alone
        with os.fdopen(handle, "w") as file:
            file.write(make())
        with suppress(FileExistsError):
            os.link(new, path)
        Path(new).unlink()
    return path.read_text().strip()


def _new_login() -> str:
    return f"operator:{secrets.token_urlsafe(24)}"


def _new_key() -> str:
    return urlsafe_b64encode(secrets.token_bytes(32)).decode()  # the form that Fernet asks for
