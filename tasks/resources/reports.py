"""Serves the report files, and says where a browser finds them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from adapters import settings

if TYPE_CHECKING:
    from fastapi import FastAPI

REPORTS_URL = "PREACTIVE_REPORTS_URL"


def report_app(login: str) -> "FastAPI":
    """The report files for whoever brings this login."""
    from adapters.http.report_files import report_app as make

    return make(settings.load().reports_dir.absolute(), login=login)


def report_link(path: Path) -> str:
    """Where a browser finds a report file; empty when nothing serves them."""
    # A server that was found after the settings were read is known by its variable only.
    root = settings.load().reports_url or os.environ.get(REPORTS_URL, "")
    return f"{root.rstrip('/')}/{quote(path.name)}" if root else ""
