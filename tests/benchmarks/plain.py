"""The yardstick: the calls of a provision made by a plain asyncio script that records nothing."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import aiohttp

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

        began = time.perf_counter()
        await send("createTag", {"tagInfo": {"createTag": [{"tagName": "plain"}]}})
        left = iter(enumerate(iccids))

        async def work() -> None:
            for number, iccid in left:
                wanted = _wanted(number, iccid)
                made = await send("CreateEndPoint", {"Request": {"requestParam": wanted}})
                tag = {"endpointId": made["endPointId"], "tagName": "plain"}
                await send("createEndpointTag", {"endpointTagInfo": tag})

        await asyncio.gather(*(work() for _ in range(at_once)))
        return time.perf_counter() - began


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
