"""A browser without a window, driven by way of WebDriver (W3C) with nothing but the standard library."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
DRIVERS = ["chromedriver"]
BROWSERS = ["chromium", "chromium-browser", "google-chrome"]


def there():
    """The driver and the browser, where both are installed."""
    found = [next(filter(None, map(shutil.which, names)), None) for names in (DRIVERS, BROWSERS)]
    return found if all(found) else None


class Browser:
    """Runs while it is entered. `folder` is where it puts what it downloads."""

    def __init__(self, width=1360, height=820):
        self.size = (width, height)

    def __enter__(self):
        driver, browser = there()
        self.folder = tempfile.mkdtemp()
        self.process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if "started successfully on port" in line:
                self.at = f"http://127.0.0.1:{line.split()[-1].rstrip('.')}"
                break
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars", f"--user-data-dir={self.folder}/profile",
                     f"--window-size={self.size[0]},{self.size[1]}"]
        options = {"binary": browser, "args": arguments, "prefs": {"download.default_directory": self.folder}}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.at += f"/session/{session['sessionId']}"
        self.resize(*self.size)
        self.call("POST", "/goog/cdp/execute", {"cmd": "Browser.setDownloadBehavior", "params": {
            "behavior": "allow", "downloadPath": self.folder}})
        return self

    def __exit__(self, *_):
        try:
            self.call("DELETE", "")
        finally:
            self.process.terminate()
            self.process.wait(timeout=30)
            shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.at + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{method} {path}: {json.load(refused)['value']['message']}") from None

    def resize(self, width, height):
        self.call("POST", "/goog/cdp/execute", {"cmd": "Emulation.setDeviceMetricsOverride", "params": {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}})

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        """Runs a script in the page; what it returns, awaited."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def run_async(self, script):
        """The same for a script that calls its last argument when it is done."""
        return self.call("POST", "/execute/async", {"script": script, "args": []})

    def pointer(self, x, y):
        """Clicks at a place of the window."""
        actions = [{"type": "pointerMove", "x": x, "y": y}, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        self.call("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": actions}]})

    def downloaded(self, name):
        """What was put into the folder of downloads, whole."""
        path, end = os.path.join(self.folder, name), time.monotonic() + 20
        while not os.path.exists(path) or os.path.exists(f"{path}.crdownload"):
            assert time.monotonic() < end, f"waited in vain for {name}: {os.listdir(self.folder)}"
            time.sleep(0.05)
        with open(path, "rb") as file:
            return file.read()

    def find(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        for more in (True, True, True, False):
            try:
                return self.call("POST", f"/element/{self.find(selector)}/click", {})
            except AssertionError as refused:
                # What is drawn anew meanwhile is looked for anew.
                if not more or "stale" not in str(refused):
                    raise

    def text(self, selector):
        return self.call("GET", f"/element/{self.find(selector)}/text")

    def type(self, selector, text, clear=True):
        element = self.find(selector)
        if clear:
            self.call("POST", f"/element/{element}/clear", {})
        self.call("POST", f"/element/{element}/value", {"text": text})

    def keys(self, *keys):
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": strokes}]})

    def pick(self, selector, value):
        self.run("""const e = document.querySelector(arguments[0]); e.value = arguments[1];
            for (const kind of ["input", "change"]) e.dispatchEvent(new Event(kind, { bubbles: true }));""", selector, value)

    def wait(self, script, *arguments, what=None, limit=20):
        """Waits until a script returns what is true, and returns it."""
        end = time.monotonic() + limit
        while True:
            value = self.run(script, *arguments)
            if value:
                return value
            assert time.monotonic() < end, f"waited in vain for {what or script}"
            time.sleep(0.05)

    def shot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("GET", "/screenshot")))

    def errors(self):
        """What the page has complained of since this was asked last."""
        log = self.call("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in log if entry["level"] == "SEVERE"]
