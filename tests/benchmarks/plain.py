"""The yardstick: the calls of a provision, or of an activation, made by a plain asyncio script that records nothing."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

import aiohttp

T = TypeVar("T")

HEADERS = {"Content-Type": "application/json", "X-Requested-With": "XMLHttpRequest"}


async def provision(base_url: str, iccids: Sequence[str], *, at_once: int, login: dict[str, str]) -> float:
    """Create and tag these SIMs' endpoints, and return the seconds it took."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        async with session.post(f"{base_url}/login", json=login, headers=HEADERS) as answer:
            token = (await answer.json())["AccessToken"]
        headers = HEADERS | {"X-Authorization": f"Bearer {token}"}

        async def send(path: str, body: dict[str, Any]) -> dict[str, Any]:
            async with session.post(f"{base_url}/{path}", json=body, headers=headers) as answer:
                found: dict[str, Any] = (await answer.json())["Response"]
                assert found["resultCode"] == "0", found
                return found

        async def create(numbered: tuple[int, str]) -> None:
            made = await send("CreateEndPoint", {"Request": {"requestParam": _wanted(*numbered)}})
            tag = {"endpointId": made["endPointId"], "tagName": "plain"}
            await send("createEndpointTag", {"endpointTagInfo": tag})

        began = time.perf_counter()
        await send("createTag", {"tagInfo": {"createTag": [{"tagName": "plain"}]}})
        await _each(enumerate(iccids), create, at_once=at_once)
        return time.perf_counter() - began


async def assign(base_url: str, ids: Sequence[str], *, group: str, at_once: int, token: str) -> float:
    """Put these endpoints into the group, and return the seconds it took."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), headers=headers) as session:

        async def put(endpoint: str) -> None:
            async with session.put(
                f"{base_url}/endpoints/{endpoint}/endpointgroup", json={"endpointGroup": group}
            ) as answer:
                found = await answer.json()
                assert found["success"] is True, found

        began = time.perf_counter()
        await _each(ids, put, at_once=at_once)
        return time.perf_counter() - began


async def _each(things: Iterable[T], do: Callable[[T], Awaitable[None]], *, at_once: int) -> None:
    left = iter(things)

    async def work() -> None:
        for thing in left:
            await do(thing)

    await asyncio.gather(*(work() for _ in range(at_once)))


def _wanted(number: int, iccid: str) -> dict[str, str]:
    return {
        "name": f"plain {number:06d}",
        "isLinkSIM": "true",
        "iccid": iccid,
        "isDefaultActivation": "false",
        "roamingProfileId": "1234",
        "apnGroupId": "PDP_1",
        "planId": "123456",
    }
