"""A second server of SFT's wire form, written apart from the simulator, on the standard library alone.

Where the reference leaves a choice it takes the one that the simulator does not take by default.
"""

import base64
import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 40  # serves fewer rows on a page than it is asked for


class OtherServer:
    """The platform's state and its HTTP server."""

    def __init__(self, iccids: Iterable[str], *, token_seconds: float = 2.0, lose_every: int = 0) -> None:
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.stock: dict[str, str] = dict.fromkeys(iccids, "-")
        self.creates: defaultdict[str, int] = defaultdict(int)
        self.writes = 0
        self.lose_every = lose_every
        self.token_seconds = token_seconds
        self.lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"platform": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.base_url = f"http://127.0.0.1:{self._http.server_port}/api"

    def close(self) -> None:
        """End the server."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    platform: OtherServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        """Answer a read."""
        self._handle({})

    def do_POST(self) -> None:
        """Answer a write."""
        self._handle(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _handle(self, body: dict[str, Any]) -> None:
        url = urlsplit(self.path)
        name = url.path.removeprefix("/api/")
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        if name == "login":
            self._send({"AccessToken": _token(self.platform.token_seconds), "RefreshToken": "r"})
        elif not self._is_authorised():
            self._send(_answer("401", "401", "Authorization Failed"))
        else:
            with self.platform.lock:
                answer = getattr(self, f"on_{name}")(body, query)
            self._send(answer)

    def _is_authorised(self) -> bool:
        token = self.headers.get("X-Authorization", "").removeprefix("Bearer ")
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        return bool(claims["exp"] > time.time())

    def _send(self, body: dict[str, Any] | None) -> None:
        if body is None:  # the change is made and the answer is lost
            self.close_connection = True
            return
        raw = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def on_CreateEndPoint(self, body: dict[str, Any], _: object) -> dict[str, Any] | None:  # noqa: N802 - the wire's name
        wanted = body["Request"]["requestParam"]
        iccid, platform = wanted["iccid"], self.platform
        platform.writes += 1
        if platform.stock.get(iccid) != "-" or wanted["isLinkSIM"] != "true":
            return _answer("1", "9999", "SIM not available")
        endpoint_id = f"EP{len(platform.endpoints) + 1}"
        platform.stock[iccid] = endpoint_id
        platform.creates[iccid] += 1
        platform.endpoints[endpoint_id] = wanted | {"status": "Pre-Active", "tags": [], "addons": []}
        if platform.lose_every and len(platform.endpoints) % platform.lose_every == 0:
            return None
        return _answer("0", "1", "ok", responseParam={"endPointId": endpoint_id})

    def on_createTag(self, body: dict[str, Any], _: object) -> dict[str, Any]:  # noqa: N802
        self.platform.writes += 1
        assert body["tagInfo"]["createTag"]
        return _answer("0", "10149", "Tag created", tagId="7")

    def on_createEndpointTag(self, body: dict[str, Any], _: object) -> dict[str, Any]:  # noqa: N802
        self.platform.writes += 1
        wanted = body["endpointTagInfo"]
        self.platform.endpoints[wanted["endpointId"]]["tags"].append(wanted["tagName"])
        return _answer("0", "2001", "ok")

    def on_EndPointActivation(self, body: dict[str, Any], _: object) -> dict[str, Any]:  # noqa: N802
        self.platform.writes += 1
        endpoint = self.platform.endpoints[body["Request"]["endPointId"]]
        if endpoint["status"] == "Active":
            return _answer("1", "2507", "already active")
        endpoint["status"] = "Active"
        return _answer("0", "5014", "activated")

    def on_SubscribeAddon(self, body: dict[str, Any], _: object) -> dict[str, Any]:  # noqa: N802
        self.platform.writes += 1
        wanted = body["Request"]["requestParam"]
        self.platform.endpoints[wanted["endPointId"]]["addons"].append(wanted["planId"])
        return _answer("0", "0", "subscribed")

    def on_GetEndPointProfile(self, _: object, query: dict[str, str]) -> dict[str, Any]:  # noqa: N802
        endpoint = self.platform.endpoints[query["endPointId"]]
        plans = [{"planId": plan, "uniqueId": number} for number, plan in enumerate(endpoint["addons"])]
        return _answer("0", "0", "ok", info={"promotionalPlans": {"plan": plans}})

    def on_fetchSIM(self, _: object, query: dict[str, str]) -> dict[str, Any]:  # noqa: N802
        platform = self.platform
        chosen = [iccid for iccid in platform.stock if query.get("iccid", iccid) == iccid]
        if not chosen:
            return _answer("1", "1359", "No data available")
        first = (int(query.get("page", "1")) - 1) * PAGE
        rows = [self._row(iccid) for iccid in chosen[first : first + PAGE]]
        pages = str(-(-len(chosen) // PAGE))
        return _answer("0", "0", "ok", totalNoOfPages=pages, responseParam={"rows": rows})

    def _row(self, iccid: str) -> dict[str, Any]:
        endpoint_id = self.platform.stock[iccid]
        status = self.platform.endpoints[endpoint_id]["status"] if endpoint_id != "-" else "Ready To Activate"
        attached = "NOT ATTACHED" if endpoint_id == "-" else "ATTACHED"
        return {"iccid": iccid, "endPointId": endpoint_id, "simStatus": status, "simAttachStatus": attached}


def _answer(outer: str, code: str, text: str, **more: Any) -> dict[str, Any]:
    inner = {"resultCode": code, "resultDescription": text}
    return {"Response": {"resultCode": outer, "responseId": "1", "resultParam": inner, **more}}


def _token(seconds: float) -> str:
    """A token that says when it ends and not when it began."""
    claims = base64.urlsafe_b64encode(json.dumps({"exp": time.time() + seconds}).encode()).decode().rstrip("=")
    return f"eyJh.{claims}.sig"
