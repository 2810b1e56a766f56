"""Chromium without a window, driven by chromedriver (W3C WebDriver): what pages do and look like.

No library in between: the protocol is a few requests, and what drives a browser from Python brings
packages along that other tests would then find installed.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.server_process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVER = shutil.which("chromedriver")
PROGRAM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars",
)  # fmt: skip
_SECONDS = 20.0
WIDE, NARROW = (1280, 900), (360, 740)


class Page:
    """A browser with one page; see `browser`."""

    def __init__(self, session: httpx.Client) -> None:
        self._session = session

    def _post(self, path: str, **given: Any) -> Any:
        response = self._session.post(path, json=given).json()["value"]
        assert not (isinstance(response, dict) and "stacktrace" in response), response
        return response

    def open(self, url: str) -> None:
        """Load a page."""
        self._post("url", url=url)

    def run(self, script: str, *arguments: object) -> Any:
        """What a function's body returns that is run on the page."""
        return self._post("execute/sync", script=script, args=list(arguments))

    def until(self, expression: str, *arguments: object) -> Any:
        """Wait until an expression of JavaScript is true; its value."""
        until = time.monotonic() + _SECONDS
        while not (found := self.run(f"return ({expression});", *arguments)):
            shown = self.run("return document.body.innerText")
            assert time.monotonic() < until, f"{expression} is not true of:\n{shown}"
            time.sleep(0.05)
        return found

    def click(self, selector: str) -> None:
        """Click what a selector finds."""
        self.run("document.querySelector(arguments[0]).click()", selector)

    def fill(self, selector: str, text: str) -> None:
        """Write into a field as a person does."""
        self.run(
            "const one = document.querySelector(arguments[0]);"
            "one.focus(); one.value = arguments[1];"
            "for (const name of ['input', 'change']) "
            "one.dispatchEvent(new Event(name, { bubbles: true }))",
            selector,
            text,
        )

    def text(self, selector: str) -> str:
        """The text of what a selector finds, as it is seen."""
        return str(self.run("return document.querySelector(arguments[0]).innerText", selector))

    def press(self, key: str, code: int, *, control: bool = False) -> None:
        """Press a key."""
        for kind in ("rawKeyDown", "keyUp"):
            self.command(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                modifiers=2 if control else 0,
            )

    def command(self, name: str, **given: Any) -> Any:
        """A command of the DevTools protocol."""
        return self._post("goog/cdp/execute", cmd=name, params=given)

    def look(self, size: tuple[int, int], scheme: str = "light") -> None:
        """Set the window's size, and whether it is dark."""
        width, height = size
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.command("Emulation.setEmulatedMedia", features=features)

    def picture(self, *, is_whole: bool = True) -> bytes:
        """A screenshot (PNG)."""
        found = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=is_whole)
        return base64.b64decode(found["data"])

    def complaints(self) -> list[str]:
        """What the browser wrote to its console since it was asked last, responses left out."""
        entries = self._post("se/log", type="browser")
        return [entry["message"] for entry in entries if entry["source"] != "network"]


@contextmanager
def browser() -> Iterator[Page]:
    """A browser of its own, ended with the block; the test is skipped where there is none."""
    if DRIVER is None or PROGRAM is None:
        pytest.skip("NOT TESTED: Chromium and chromedriver are not installed")
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as profile,
        (Path(profile) / "log").open("wb") as log,
        subprocess.Popen([DRIVER, f"--port={port}"], stdout=log, stderr=log) as driver,
    ):
        try:
            yield from _session(f"http://127.0.0.1:{port}", profile)
        finally:
            driver.terminate()


def _session(url: str, profile: str) -> Iterator[Page]:
    options = {"binary": PROGRAM, "args": [*_FLAGS, f"--user-data-dir={profile}/data"]}
    wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
    transport = httpx.HTTPTransport(retries=8)  # until it listens
    with httpx.Client(base_url=url, trust_env=False, timeout=60, transport=transport) as client:
        made = client.post("/session", json={"capabilities": {"alwaysMatch": wanted}}).json()
        assert "sessionId" in made["value"], made
        session = f"{url}/session/{made['value']['sessionId']}"
        client.base_url = httpx.URL(f"{session}/")
        try:
            yield Page(client)
        finally:
            # Without the slash, which names no command: the browser would outlive its driver.
            client.delete(session).raise_for_status()
