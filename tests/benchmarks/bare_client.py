"""The writes of a provision, by a script that keeps nothing: `bare_client.py BASE_URL ICCIDS IN_FLIGHT TAG`."""

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp

FIELDS = {
    "isLinkSIM": "true",
    "isDefaultActivation": "false",
    "roamingProfileId": "1234",
    "apnGroupId": "PDP_1",
    "planId": "123456",
}


async def send(http: aiohttp.ClientSession, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """One call."""
    async with http.post(path, json=body) as response:
        answer: dict[str, Any] = await response.json()
    return answer


async def create_and_tag(http: aiohttp.ClientSession, iccids: Iterator[str], tag: str) -> None:
    """Two calls for each ICCID, one after the other."""
    for iccid in iccids:
        fields = FIELDS | {"iccid": iccid, "name": f"sim {iccid}"}
        made = await send(http, "/api/CreateEndPoint", {"Request": {"requestParam": fields}})
        endpoint_id = made["Response"]["endPointId"]
        await send(http, "/api/createEndpointTag", {"endpointTagInfo": {"endpointId": endpoint_id, "tagName": tag}})


async def run(base_url: str, iccids: list[str], in_flight: int, tag: str) -> float:
    """Seconds for all of them."""
    async with aiohttp.ClientSession(
        base_url.removesuffix("/api"),
        connector=aiohttp.TCPConnector(limit=in_flight),
        headers={"X-Requested-With": "XMLHttpRequest"},
    ) as http:
        token = await send(http, "/api/login", {"username": "api-user", "password": "demo-password"})
        http.headers["X-Authorization"] = f"Bearer {token['AccessToken']}"
        began, left = time.perf_counter(), iter(iccids)
        await asyncio.gather(*(create_and_tag(http, left, tag) for _ in range(in_flight)))
        return time.perf_counter() - began


if __name__ == "__main__":
    url, file, in_flight, tag = sys.argv[1:]
    print(asyncio.run(run(url, Path(file).read_text().split(), int(in_flight), tag)))
