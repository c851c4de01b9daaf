"""The report files over HTTP, so that links in the Prefect UI lead to them: to read only, and only with the login."""

import hmac
from base64 import b64decode
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles

from adapters.http.limits import Message, Receive, Send

# A report is data of customers: no cache keeps it, and no browser runs what is in it.
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "sandbox",
    "X-Content-Type-Options": "nosniff",
}


def report_app(folder: Path, *, login: str) -> FastAPI:
    """The application; it has one page for each file of the folder, and no other."""
    app = FastAPI(openapi_url=None)
    app.mount("/", _ReportFiles(folder, login=login))
    return app


class _ReportFiles(StaticFiles):
    """Serves the files of one folder to whoever brings `user:password`."""

    def __init__(self, folder: Path, *, login: str) -> None:
        super().__init__(directory=folder, check_dir=False)
        self._login = login.encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] == "http" and not self._is_let_in(dict(scope["headers"]).get(b"authorization", b"")):
            refused = PlainTextResponse(
                "Sign in as in the Prefect UI.\n", 401, {"WWW-Authenticate": 'Basic realm="preactive"'}
            )
            await refused(scope, receive, send)
            return
        await super().__call__(scope, receive, send)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """See starlette."""
        response = super().file_response(*args, **kwargs)
        response.headers.update(_HEADERS)
        return response

    def _is_let_in(self, header: bytes) -> bool:
        scheme, _, value = header.partition(b" ")
        try:
            given = b64decode(value, validate=True)
        except ValueError:
            given = b""
        return hmac.compare_digest(given, self._login) and scheme.lower() == b"basic"
