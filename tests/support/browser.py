"""Chromium without a screen, and the Prefect UI as a person uses it."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from selenium import webdriver
from selenium.common.exceptions import (
    NoSuchElementException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

T = TypeVar("T")

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    "--disable-software-rasterizer",  # without WebGL the graph of a run costs a tenth of a processor, not half of one
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
MISSING = "" if CHROMIUM and DRIVER else "no Chromium with its driver here: apt-get install chromium chromium-driver"
_PATIENCE = 60.0
# Without a graphics card every frame of a turning wheel is drawn by the processor, for as long as a page is looked at.
_STILL = """
document.addEventListener("DOMContentLoaded", () => {
  const still = document.createElement("style");
  still.textContent = "*, *::before, *::after { animation: none !important; transition: none !important }";
  document.head.append(still);
});
"""


class Ui:
    """The Prefect UI in one browser that is signed in."""

    def __init__(self, driver: webdriver.Chrome, root: str) -> None:
        self.driver = driver
        self.root = root

    def sign_in(self, login: str) -> None:
        """Type the login into the page that asks for it."""
        self.open("/v2/login")
        self.on(By.CSS_SELECTOR, "input", lambda field: field.send_keys(login))
        self.press("button[type=submit]")
        self.until(lambda: "/dashboard" in self.driver.current_url)

    def open(self, path: str) -> None:
        """Go to a page."""
        self.driver.get(self.root + path)

    def until(self, look: Callable[[], T], what: str = "") -> T:
        """Look until it is so."""
        passing = [NoSuchElementException, StaleElementReferenceException]
        wait = WebDriverWait(self.driver, _PATIENCE, poll_frequency=0.1, ignored_exceptions=passing)
        return wait.until(lambda _: look(), what)

    def on(self, by: str, value: str, act: Callable[[WebElement], T]) -> T:
        """Do something with one element, once it is there; again where the page is drawn anew in between."""
        return self.until(lambda: (act(self.driver.find_element(by, value)),), value)[0]

    def field(self, label: str, act: Callable[[WebElement], None]) -> None:
        """Do something with what is filled in under a label."""
        below = "following::*[self::textarea or self::input or @role='switch'][1]"
        self.on(By.XPATH, f"//label[starts-with(normalize-space(), '{label}')]/{below}", act)

    def fill(self, label: str, value: str) -> None:
        """Type something under a label."""
        self.field(label, lambda field: field.send_keys(value))

    def press(self, css: str) -> None:
        """Press what a selector finds, once it can be pressed."""
        self.until(lambda: _pressed(self.driver.find_element(By.CSS_SELECTOR, css)), css)

    def press_text(self, text: str, role: str = "button") -> None:
        """Press the last thing of that text."""
        path = f"//*[(self::{role} or @role='{role}') and normalize-space()='{text}']"
        self.until(lambda: _pressed(self.driver.find_elements(By.XPATH, path)[-1:]), text)

    def leave(self) -> None:
        """Look at nothing: a page of the UI draws and asks the server for as long as it is open."""
        self.open("/api/health")

    def text(self) -> str:
        """All that the page says."""
        return self.on(By.TAG_NAME, "body", lambda body: body.text)

    def says(self, text: str) -> None:
        """Wait until the page says this."""
        self.until(lambda: text in self.text(), text)

    def link(self, text: str) -> str:
        """Where the link of that text leads: the id at the end of its address."""
        return self._ids(By.LINK_TEXT, text)[0]

    def address(self, text: str) -> str:
        """Where the link of that text leads."""
        return self.on(By.LINK_TEXT, text, lambda link: str(link.get_attribute("href")))

    def artifacts(self, run: str) -> list[str]:
        """The artifacts of a run, by the links on its page."""
        self.open(f"/v2/runs/flow-run/{run}?tab=Artifacts")
        return self._ids(By.CSS_SELECTOR, "a[href*='/artifacts/artifact/']")

    def _ids(self, by: str, value: str) -> list[str]:
        def look() -> list[str]:
            links = self.driver.find_elements(by, value)
            return [str(link.get_attribute("href")).rpartition("/")[2] for link in links]

        return self.until(look, value)

    def save(self, path: Path, height: int = 1000) -> None:
        """Save what the page looks like."""
        self.driver.set_window_size(1280, height)
        self.driver.save_screenshot(str(path))

    # --- what an operator does ---

    def start(self, deployment: str, fields: dict[str, str], *switches: str) -> None:
        """Fill in the form of a deployment, press what is named, and submit."""
        self.open(f"/v2/deployments/deployment/{deployment}/run")
        for label, value in fields.items():
            self.fill(label, value)
        for label in switches:
            self.field(label, lambda switch: switch.click())
        self.submit("Submit", lambda: not self.driver.current_url.endswith("/run"))
        self.leave()

    def submit(self, text: str, done: Callable[[], bool]) -> None:
        """Press a button until the form is gone: on SQLite the server is sometimes busy, and says so for a moment."""
        path, pressed_at = f"//button[normalize-space()='{text}']", float("-inf")

        def look() -> bool:
            nonlocal pressed_at
            if done():
                return True
            if time.monotonic() - pressed_at > 15 and _pressed(self.driver.find_elements(By.XPATH, path)[-1:]):
                pressed_at = time.monotonic()
            return False

        self.until(look, text)

    def answer(self, run: str, *, name: str, code: str, picture: Path | None = None) -> str:
        """Answer a suspended run through its form, and give what the form said."""
        self.open(f"/v2/runs/flow-run/{run}")
        self.says("Suspended")
        self.press("main button[aria-haspopup=menu], button[aria-haspopup=menu]")
        self.press_text("Resume", "menuitem")
        self.says("Your name")
        said = self.on(By.CSS_SELECTOR, "[role=dialog]", lambda dialog: dialog.text)
        self.fill("Your name", name)
        self.on(By.CSS_SELECTOR, "[role=dialog] input[type=password]", lambda field: field.send_keys(code))
        if picture is not None:
            self.save(picture, 900)
        self.submit("Resume", lambda: not self.driver.find_elements(By.CSS_SELECTOR, "[role=dialog]"))
        self.leave()
        return said


def _pressed(found: Any) -> bool:
    """Press it, and say whether that was possible."""
    element = found[0] if isinstance(found, list) and found else found
    if not isinstance(element, WebElement) or not element.is_enabled():
        return False
    try:
        element.click()
    except StaleElementReferenceException:
        raise
    except WebDriverException:  # something lies over it still
        return False
    return True


@contextmanager
def browsing(root: str, login: str) -> Iterator[Ui]:
    """A browser that is signed in at a server, for the length of a with block."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    with TemporaryDirectory() as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}", "--window-size=1280,1000"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _STILL})
        try:
            ui = Ui(driver, root)
            ui.sign_in(login)
            yield ui
        finally:
            driver.quit()
