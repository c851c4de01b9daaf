"""Without its login the Prefect server answers nothing but that it lives; with it, nothing to a forged request."""

import asyncio
import re
import sqlite3
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import aiohttp
import pytest

from flows.login import CLIENT_LOGIN
from tests.flows.processes import fetch

NOWHERE = "00000000-0000-0000-0000-000000000000"
# They say that the server lives, and nothing else.
OPEN = {("get", "/api/health"), ("get", "/api/ready")}
SOCKETS = ("/api/events/in", "/api/events/out", "/api/logs/out", "/api/task_runs/subscriptions/scheduled")


@pytest.fixture(scope="module")
def routes(server) -> list[tuple[str, str]]:
    """Every operation that the server says it has."""
    said = fetch(server.url.removesuffix("/api") + "/openapi.json")
    return [(method, f"/api{path}") for path, methods in said["paths"].items() for method in methods]


def status(server: Any, method: str, path: str, **headers: str) -> int:
    """What comes back from a route, with parameters of the right form in its path."""
    url = server.url.removesuffix("/api") + re.sub(r"\{[^}]*\}", NOWHERE, path)
    body = None if method in ("get", "delete", "head") else b"{}"
    request = Request(url, body, {"Content-Type": "application/json", **headers}, method=method.upper())
    try:
        with urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_no_route_answers_without_the_login(server, routes):
    # With the word against forged requests, so that it is the login alone that is missing.
    word = {name: value for name, value in server.headers.items() if name != "Authorization"}
    answered = {(method, path): status(server, method, path, **word) for method, path in routes}

    assert len(routes) > 150
    assert {route for route, code in answered.items() if code != 401} == OPEN


def test_a_wrong_login_opens_no_route_that_reads(server, routes):
    wrong = {"Authorization": "Basic b3BlcmF0b3I6d3Jvbmc="}
    read = [(method, path) for method, path in routes if method == "get" and (method, path) not in OPEN]

    assert {status(server, method, path, **wrong) for method, path in read} == {401}


async def greeted(server: Any, path: str, token: str) -> str:
    """What a websocket says first to somebody who brings this login."""
    url = server.url.removesuffix("/api").replace("http", "ws", 1) + path
    async with aiohttp.ClientSession() as session, session.ws_connect(url, protocols=["prefect"]) as socket:
        await socket.send_json({"type": "auth", "token": token})
        message = await asyncio.wait_for(socket.receive(), 10)
        return str(message.json()["type"]) if message.type is aiohttp.WSMsgType.TEXT else message.type.name


@pytest.mark.parametrize("path", SOCKETS)
async def test_no_websocket_tells_anything_without_the_login(server, path):
    assert await greeted(server, path, server.env[CLIENT_LOGIN]) == "auth_success"
    assert await greeted(server, path, "wrong") in ("CLOSE", "CLOSED", "auth_failure")
    assert await greeted(server, path, "") in ("CLOSE", "CLOSED", "auth_failure")


async def test_the_websocket_of_workers_tells_nothing_without_the_login_either(server):
    path = "/api/work_pools/any/workers/connect"

    assert await greeted(server, path, "wrong") in ("CLOSE", "CLOSED", "auth_failure")


@pytest.mark.parametrize("token", [None, "forged"])
def test_a_change_without_the_word_against_forged_requests_is_refused(server, token):
    headers = {"Authorization": server.headers["Authorization"]}
    if token is not None:
        headers |= {"Prefect-Csrf-Client": "tests", "Prefect-Csrf-Token": token}

    assert status(server, "post", "/api/variables/", **headers) == 403
    assert status(server, "get", "/api/admin/version", **headers) == 200


@pytest.mark.parametrize(("origin", "allowed"), [("http://evil.example", None), ("", "own")])
def test_pages_of_other_origins_get_no_leave_to_read(server, origin, allowed):
    own = server.url.removesuffix("/api")
    request = Request(f"{server.url}/admin/version", headers=server.headers | {"Origin": origin or own})
    with urlopen(request, timeout=30) as answer:
        leave = answer.headers.get("Access-Control-Allow-Origin")

    assert leave == (own if allowed else None)


def test_the_key_of_stored_secrets_is_not_in_the_database(server):
    kind = server.ask("/block_types/slug/secret")
    (schema,) = server.ask("/block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [kind["id"]]}}})
    block = {"name": "canary", "block_type_id": kind["id"], "block_schema_id": schema["id"]}
    server.ask("/block_documents/", block | {"data": {"value": "canary-in-a-block"}})
    with sqlite3.connect(f"file:{server.folder / 'home' / 'prefect.db'}?mode=ro", uri=True) as database:
        (stored,) = database.execute("SELECT data FROM block_document WHERE name = 'canary'").fetchone()
        keys = [key for (key,) in database.execute("SELECT key FROM configuration")]
    database.close()

    assert "canary-in-a-block" not in stored
    assert "ENCRYPTION_KEY" not in keys
