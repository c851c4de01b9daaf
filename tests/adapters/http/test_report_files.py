"""Report files go to whoever has the login, as they are, and nothing else of the disk does."""

from base64 import b64encode

import httpx
import pytest

from adapters.http.report_files import report_app

LOGIN = "operator:correct-horse"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "secret.db").write_text("the store")
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "batch-report.xlsx").write_bytes(b"PK\x03\x04 a workbook")
    (reports / "elsewhere").symlink_to(tmp_path / "secret.db")
    return reports


def basic(login: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(login.encode()).decode()}"}


async def ask(folder, path, headers=None, method="GET"):
    transport = httpx.ASGITransport(report_app(folder, login=LOGIN))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.request(method, path, headers=headers or {})


async def test_a_report_comes_as_it_is_and_is_neither_run_nor_kept_by_a_browser(folder):
    answer = await ask(folder, "/batch-report.xlsx", basic(LOGIN))

    assert (answer.status_code, answer.content) == (200, b"PK\x03\x04 a workbook")
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("operator:wrong"),
        basic(""),
        {"Authorization": f"Bearer {LOGIN}"},
        {"Authorization": "Basic %%%"},
        {"Authorization": basic(LOGIN)["Authorization"].replace("Basic", "Bearer")},
    ],
)
@pytest.mark.parametrize("path", ["/batch-report.xlsx", "/no-such-file"])
async def test_without_the_login_nobody_learns_what_there_is(folder, path, headers):
    answer = await ask(folder, path, headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert b"workbook" not in answer.content


@pytest.mark.parametrize("path", ["/%2e%2e/secret.db", "/..%2fsecret.db", "/elsewhere", "/", "//etc/passwd", "/%00"])
async def test_nothing_outside_of_the_folder_is_given(folder, path):
    answer = await ask(folder, path, basic(LOGIN))

    assert answer.status_code == 404
    assert b"the store" not in answer.content


async def test_reports_can_only_be_read(folder):
    assert {
        (await ask(folder, "/batch-report.xlsx", basic(LOGIN), method)).status_code for method in ("PUT", "POST")
    } == {405}
