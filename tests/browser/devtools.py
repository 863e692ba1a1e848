"""Chromium without a window, spoken to in its DevTools protocol over two pipes: nothing but Chromium is needed."""

from __future__ import annotations

import base64
import json
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""What a Chromium may be called, in the order in which they are looked for."""
FLAGS = (
    "--headless",
    # The only pages that are opened are files which the tests wrote; as root Chromium has no sandbox.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
PATIENCE = 60.0
"""Seconds that an answer may take; much more than it ever takes, also where two tests share a core."""
_TO_PIPES = 'exec "${@:3}" 3<&"$1" 4>&"$2"'
"""Chromium reads commands from file descriptor 3 and writes answers to 4, which only the child may take."""


def found() -> str | None:
    """Return the path of a Chromium; None if there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@dataclass
class Seen:
    """What happened while a page was open.

    Attributes:
        errors: Errors and warnings of the console, and what broke.
        requests: Addresses that were asked for, in order.
    """

    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def note(self, event: dict[str, Any]) -> None:
        """Take an event of the browser."""
        told = event["params"]
        if event["method"] == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif event["method"] == "Runtime.exceptionThrown":
            self.errors.append(told["exceptionDetails"]["text"])
        elif event["method"] == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.errors.append(told["entry"]["text"])
        elif event["method"] == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            self.errors.append(str(told["args"]))


class Browser:
    """One Chromium with a profile of its own, as a context.

    Args:
        binary: Path of Chromium.
        profile: New folder for what it stores.
    """

    def __init__(self, binary: str, profile: Path) -> None:
        read, self._commands = os.pipe()
        self._answers, write = os.pipe()
        call = ["bash", "-c", _TO_PIPES, "chromium", str(read), str(write)]
        with (profile.parent / f"{profile.name}.log").open("wb") as log:
            self._process = subprocess.Popen(
                [*call, binary, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
                pass_fds=(read, write),
                stdout=log,
                stderr=log,
                # A group of its own: what it started can be ended with it, and nothing else.
                start_new_session=True,
            )
        os.close(read)
        os.close(write)
        self._ready = selectors.DefaultSelector()
        self._ready.register(self._answers, selectors.EVENT_READ)
        self._rest = b""
        self._number = 0
        self._heard: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.ask("Browser.close")
            self._process.wait(PATIENCE)
        except (OSError, TimeoutError, subprocess.TimeoutExpired):
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._ready.close()
        os.close(self._commands)
        os.close(self._answers)

    def ask(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Give a command and return its result.

        Args:
            method: Name in the DevTools protocol.
            session: Of the page that is meant; "": the browser itself.
            **parameters: As the protocol has them.
        """
        self._number += 1
        number = self._number
        command: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session:
            command["sessionId"] = session
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        answer = self.wait(lambda message: message.get("id") == number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def wait(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the first message that is wanted; events that come before it are kept until they are asked for."""
        for place, message in enumerate(self._heard):
            if wanted(message):
                return self._heard.pop(place)
        until = time.monotonic() + PATIENCE
        while True:
            message = self._next(until)
            if wanted(message):
                return message
            self._heard.append(message)

    def events(self, session: str) -> list[dict[str, Any]]:
        """Return the events of a page that came since this was last asked for."""
        own = [message for message in self._heard if message.get("sessionId") == session]
        self._heard = [message for message in self._heard if message.get("sessionId") != session]
        return own

    def _next(self, until: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            if not self._ready.select(max(0.0, until - time.monotonic())):
                raise TimeoutError("Chromium does not answer")
            part = os.read(self._answers, 1 << 20)
            if not part:
                raise BrokenPipeError("Chromium has ended")
            self._rest += part
        line, self._rest = self._rest.split(b"\0", 1)
        message: dict[str, Any] = json.loads(line)
        return message


class Page:
    """One open page of a browser.

    Args:
        browser: Whose page.
        file: What is shown.
        width: Of the window, in CSS pixels; phones have about 400.
        medium: ``print`` to see it as it is printed; "": as a window shows it.
    """

    def __init__(self, browser: Browser, file: Path, width: int, medium: str = "") -> None:
        self.browser = browser
        self.seen = Seen()
        self._target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.ask("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._ask(f"{domain}.enable")
        self._ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600
        )
        # Only where it is asked for: a medium that is set also holds for what is printed.
        self._ask("Emulation.setEmulatedMedia", media=medium)
        self._ask("Page.navigate", url=file.as_uri())
        browser.wait(
            lambda message: message.get("sessionId") == self._session and message.get("method") == "Page.loadEventFired"
        )
        # Once the page is painted, what it asks for has been asked for.
        self.value("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")

    def close(self) -> None:
        """Close it and note what happened until now."""
        self.watch()
        self.browser.ask("Target.closeTarget", targetId=self._target)

    def watch(self) -> Seen:
        """Return what happened since the page was opened."""
        for event in self.browser.events(self._session):
            self.seen.note(event)
        return self.seen

    def value(self, expression: str) -> Any:
        """Return the value of a piece of JavaScript in the page, as plain data."""
        answer = self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']['exception'].get('description')}")
        return answer["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key and let it go, as a keyboard does.

        Args:
            key: Its name, such as ``Tab``.
            code: Its number on Windows, which browsers go by.
            text: What it writes.
        """
        for kind in ("keyDown", "keyUp"):
            self._ask(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                **({"text": text} if text and kind == "keyDown" else {}),
            )

    def picture(self) -> bytes:
        """Return what is seen in the window, as PNG."""
        return base64.b64decode(self._ask("Page.captureScreenshot")["data"])

    def printed(self) -> bytes:
        """Return the page printed on A4, as PDF."""
        answer = self._ask(
            "Page.printToPDF", paperWidth=8.27, paperHeight=11.69, preferCSSPageSize=True, printBackground=True
        )
        return base64.b64decode(answer["data"])

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self.browser.ask(method, self._session, **parameters)
