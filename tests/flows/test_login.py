"""Our own Prefect server is started with a login, and where others reach it, with one that a person chose."""

import os
import stat
import subprocess
import sys
import threading
from base64 import b64decode
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from domain.errors import SettingsError, UsageError
from flows import checks, login
from tests.flows.processes import clean_env

CHOSEN = "team:a-long-enough-password"


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path):
    return tmp_path / "prefect"


def test_a_login_and_a_key_are_made_once_and_kept_for_the_owner_alone(home):
    first = login.server_env(home, 4200)
    again = login.server_env(home, 4300)
    kept = sorted(login.login_file(home).parent.iterdir())

    assert first[login.SERVER_LOGIN] == again[login.SERVER_LOGIN] == login.client_env(home)[login.CLIENT_LOGIN]
    assert first[login.KEY] == again[login.KEY]
    assert len(first[login.SERVER_LOGIN].partition(":")[2]) >= 32
    assert [path.name for path in kept] == ["encryption-key", "login"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    assert stat.S_IMODE(kept[0].parent.stat().st_mode) == 0o700


def test_two_projects_have_different_logins(tmp_path):
    assert login.client_env(tmp_path / "a") != login.client_env(tmp_path / "b")


def test_the_key_of_secrets_is_not_kept_with_the_database(home):
    assert not login.login_file(home).is_relative_to(home)


def test_a_login_that_a_person_chose_is_used_and_not_kept(home, monkeypatch):
    monkeypatch.setenv(login.SERVER_LOGIN, CHOSEN)

    env = login.server_env(home, 4200, "0.0.0.0")

    assert (env[login.SERVER_LOGIN], env[login.CLIENT_LOGIN]) == (CHOSEN, CHOSEN)
    assert not login.login_file(home).exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.10", "prefect.example"])
def test_an_address_that_others_reach_needs_a_login_that_a_person_chose(home, host):
    with pytest.raises(UsageError, match="without a login that you chose"):
        login.server_env(home, 4200, host)


@pytest.mark.parametrize(
    "bad", ["no-colon-but-long-enough", ":a-long-enough-password", "a:short", "a:zürich-zürich-zürich"]
)
def test_a_login_that_is_of_no_use_is_refused_without_being_shown(home, monkeypatch, bad):
    monkeypatch.setenv(login.SERVER_LOGIN, bad)

    with pytest.raises(SettingsError) as told:
        login.server_env(home, 4200)

    assert bad not in str(told.value)


def test_pages_of_its_own_origin_alone_may_use_the_server(home, monkeypatch):
    assert login.server_env(home, 4201)[login.ORIGINS] == "http://127.0.0.1:4201,http://localhost:4201"
    monkeypatch.setenv(login.ORIGINS, "https://prefect.example")
    assert login.server_env(home, 4201)[login.ORIGINS] == "https://prefect.example"


@pytest.fixture
def door():
    """A Prefect API that lets this login in and no other; an empty one lets in everybody."""
    servers = []

    def make(wanted: str) -> str:
        class Door(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                said = b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
                self.send_response(200 if self.path == "/api/health" or not wanted or said == wanted else 401)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                return

        servers.append(HTTPServer(("127.0.0.1", 0), Door))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/api"

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("wanted", "ours", "let_in"), [("a:b", "a:b", True), ("a:b", "a:c", False), ("a:b", "", False), ("", "", True)]
)
def test_whether_a_server_lets_us_in_is_asked_of_it(door, wanted, ours, let_in):
    assert login.is_let_in(door(wanted), ours) is let_in


@pytest.mark.parametrize(
    ("wanted", "words"),
    [("", "without a login"), (CHOSEN, "asks for a login"), ("team:another-long-password", "refuses our login")],
)
def test_doctor_says_whether_a_server_asks_for_a_login(door, monkeypatch, tmp_path, wanted, words):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFECT_API_URL", door(wanted))
    monkeypatch.setenv(login.CLIENT_LOGIN, CHOSEN)

    found = checks.prefect_api()

    assert words in found.text
    assert found.ok is (words != "refuses our login")


@pytest.mark.parametrize(("url", "ok"), [("http://127.0.0.1:4200/api", True), ("https://prefect.example/api", False)])
def test_a_server_elsewhere_without_a_login_is_bad(url, ok):
    assert checks.open_to_everybody(url).ok is ok


def test_up_refuses_an_address_that_others_reach_and_starts_nothing(tmp_path):
    command = [sys.executable, "-m", "flows", "up", "--host", "0.0.0.0"]
    ended = subprocess.run(command, cwd=tmp_path, env=clean_env(), capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "PREFECT_SERVER_API_AUTH_STRING" in ended.stderr
    assert ended.stdout == ""


def test_a_folder_of_prefect_that_others_can_enter_is_told(tmp_path):
    tmp_path.chmod(0o755)
    open_to_all = checks.seclusion(tmp_path)
    tmp_path.chmod(0o700)

    assert (open_to_all.ok, f"chmod 700 {tmp_path}" in open_to_all.text) == (False, True)
    assert checks.seclusion(tmp_path).ok
