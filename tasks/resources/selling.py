"""Opens what the order service needs: its HTTP interface, its token, and QR codes."""

from pathlib import Path
from typing import TYPE_CHECKING

from adapters import settings

if TYPE_CHECKING:
    from asyncio import Protocol

    from fastapi import FastAPI

    from adapters.http.order_api import OrderDesk
    from adapters.http.tokens import Tokens


def order_app(desk: "OrderDesk", *, tokens: "Tokens", version: str) -> "FastAPI":
    """The HTTP interface of the order service."""
    from adapters.http.order_api import order_app as make

    return make(desk, tokens=tokens, version=version)


BACKLOG = 256  # connections that the kernel may hand over at once


def http_protocol() -> "type[Protocol]":
    """The HTTP protocol of a service that anybody may connect to, for as many connections as there are files for."""
    from adapters.http.connections import protocol, room

    return protocol(room(BACKLOG))


def orders_tokens() -> "Tokens":
    """The bearer tokens of the order service; false when there is none.

    Raises SettingsError.
    """
    from adapters.http.tokens import Tokens

    return Tokens(settings.load().bearer_token)


def qr_png(lpa: str) -> bytes:
    """The QR code of an LPA string as PNG."""
    from adapters.files.qr import qr_png as make

    return make(lpa)


def write_qr(path: Path, lpa: str) -> Path:
    """Write the QR code of an LPA string as PNG."""
    from adapters.files.qr import write_qr as write

    return write(path, lpa)


def write_batch_qr(batch: int, path: Path) -> int:
    """Write a ZIP with the QR code of every endpoint of a batch that has an LPA string, and return how many.

    Without any, nothing is written.
    """
    from adapters.files.qr import write_qr_zip
    from adapters.store import lpa
    from tasks.resources.session import open_store

    store = open_store()
    try:
        lpas = store.write(lpa.lpa_of_batch, batch)
        return write_qr_zip(path, lpas) if lpas else 0
    finally:
        store.close()
