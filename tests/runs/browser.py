"""A page in the Chromium of this machine, spoken to through its debugging port, without further packages."""

import base64
import json
import subprocess
import tempfile
import time
from pathlib import Path
from shutil import which
from typing import Any

import websocket

CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")


class Browser:
    """One headless browser with one tab; use it in a ``with`` block."""

    def __enter__(self) -> "Browser":
        self.profile = tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True)
        flags = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--remote-debugging-port=0",
        ]
        flags += [
            f"--user-data-dir={self.profile.name}",
            "--remote-allow-origins=*",
            "--allow-file-access-from-files=0",
        ]
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen([str(CHROMIUM), *flags, "about:blank"], stdout=quiet, stderr=quiet)
        # The browser writes where it listens into its profile.
        place, end = Path(self.profile.name) / "DevToolsActivePort", time.monotonic() + 30
        while not (place.exists() and place.read_text().count("\n")):
            assert time.monotonic() < end, "Chromium did not start"
            time.sleep(0.05)
        port, path = place.read_text().split()
        self.socket = websocket.create_connection(f"ws://127.0.0.1:{port}{path}", timeout=100)
        self.count, self.session, self.target, self.events = 0, "", "", []
        self.settings: dict[str, dict[str, Any]] = {}
        return self

    def __exit__(self, *error: object) -> None:
        self.socket.close()
        self.process.terminate()
        self.process.wait(20)
        self.profile.cleanup()

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Do one command and return its answer; what happens meanwhile is kept in `events`."""
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        self.socket.send(json.dumps(message | ({"sessionId": self.session} if self.session else {})))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.count:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return dict(answer["result"])
            self.events.append(answer)

    def set(self, method: str, **parameters: Any) -> None:
        """Keep a setting for every page opened from now on."""
        self.settings[method] = parameters

    def look(self, width: int, height: int, *, scheme: str = "light", media: str = "") -> None:
        """Set the size of the window, light or dark, screen or print, for the pages opened from now on."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.set("Emulation.setDeviceMetricsOverride", **size)
        wishes = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in wishes.items()]
        self.set("Emulation.setEmulatedMedia", media=media, features=features)

    def open(self, address: str, until: str = "document.readyState == 'complete'") -> None:
        """Open a page in a fresh tab and wait until a condition of it holds."""
        former, self.session = self.target, ""
        self.target = self.send("Target.createTarget", url="about:blank")["targetId"]
        if former:
            self.send("Target.closeTarget", targetId=former)
        self.session = self.send("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        self.events.clear()
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")
        for method, parameters in self.settings.items():
            self.send(method, **parameters)
        self.send("Page.navigate", url=address)
        end = time.monotonic() + 40
        while not self.ask(f"location.href != 'about:blank' && Boolean({until})"):
            assert time.monotonic() < end, f"{address}: {until} did not come true"
            time.sleep(0.05)

    def ask(self, expression: str) -> Any:
        """Return the value of an expression in the page; a promise is waited for."""
        answer = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def complaints(self) -> list[str]:
        """Return what the page wrote as an error since it was opened."""
        self.ask("1")
        thrown = [
            event["params"]["exceptionDetails"]["text"]
            for event in self.events
            if event.get("method") == "Runtime.exceptionThrown"
        ]
        logged = [
            event["params"]["entry"] for event in self.events if event.get("method") == "Log.entryAdded"
        ]
        return thrown + [
            f"{entry['text']} {entry.get('url', '')}" for entry in logged if entry["level"] == "error"
        ]

    def asked_for(self) -> list[str]:
        """Return every address requested since the page was opened."""
        self.ask("1")
        sent = [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]
        return [url for url in sent if not url.startswith(("data:", "blob:", "about:"))]

    def picture(self, path: Path) -> None:
        """Save the whole page as a picture."""
        size = self.send("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 12000), "scale": 1}
        shot = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(shot["data"]))
