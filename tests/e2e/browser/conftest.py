"""A real browser on a real server on real databases."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from app.main import create_app
from app.settings import ApiSettings
from tests.conftest import Pair

PASSWORD = "correct horse battery"
CHROMIUM = Path(os.environ.get("RECIPROCITY_CHROMIUM", "/usr/bin/chromium"))
PATIENCE = 20_000  # milliseconds: the machine may be busy with other tests


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if os.environ.get("RECIPROCITY_NO_BROWSER") == "1":
        pytest.skip("RECIPROCITY_NO_BROWSER=1: nothing was tried in a browser")
    if not CHROMIUM.exists() and shutil.which(str(CHROMIUM)) is None:
        pytest.fail(
            f"{CHROMIUM} is missing. Install it (Debian: apt-get install -y chromium), name another one"
            " by RECIPROCITY_CHROMIUM, or set RECIPROCITY_NO_BROWSER=1 to leave these tests out."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def address(pair: Pair) -> Iterator[str]:
    """Serve the application on a free port; give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    values = pair.environment | {"RECIPROCITY_ENVIRONMENT": "test", "API_PORT": str(port)}
    config = uvicorn.Config(
        create_app(ApiSettings.model_validate(values)),
        port=port,
        log_level="warning",
        ws="none",
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    limit = time.monotonic() + 30
    while not server.started and thread.is_alive() and time.monotonic() < limit:
        time.sleep(0.05)
    assert server.started
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=20)
    assert not thread.is_alive()


@dataclass
class Window:
    """One person's browser window; what its console complains about is kept."""

    context: BrowserContext
    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()

    def sees(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()

    def sign_up(self, name: str, email: str) -> None:
        self.open("/sign-up")
        self.page.get_by_label("Your name").fill(name)
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.press("Sign up")
        self.sees("Look into your mail")
        self.open("/dev/mail")
        letter = self.page.locator("article", has_text=email).first
        letter.get_by_role("link", name="/confirm?token=").click()
        self.press("Yes, that is me")
        self.sees("Your address is confirmed")

    def sign_in(self, email: str) -> None:
        self.open("/sign-in")
        self.page.get_by_label("E-mail address").fill(email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.press("Sign in")
        self.page.get_by_role("button", name="Sign out").wait_for()


class Windows:
    """Open windows for people, each with cookies of its own."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser, self.address = browser, address
        self.all: list[Window] = []

    def open(self, **options: object) -> Window:
        context = self.browser.new_context(**options)  # type: ignore[arg-type] # Playwright's own options
        context.set_default_timeout(PATIENCE)
        window = Window(context, context.new_page(), self.address)
        window.page.on("console", lambda message: _keep(window, message))
        window.page.on("pageerror", lambda error: window.complaints.append(str(error)))
        self.all.append(window)
        return window


def _keep(window: Window, message: ConsoleMessage) -> None:
    lost = "net::ERR_INTERNET_DISCONNECTED" in message.text
    if message.type in {"error", "warning"} and not lost:
        window.complaints.append(message.text)


@pytest.fixture
def windows(chromium: Browser, address: str) -> Iterator[Windows]:
    """Windows whose consoles must stay silent: a broken policy or script would speak there."""
    made = Windows(chromium, address)
    yield made
    for window in made.all:
        window.context.close()
    assert [complaint for window in made.all for complaint in window.complaints] == []
