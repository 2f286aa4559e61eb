"""Pages in a real browser: headless Chromium, driven through its own chromedriver.

`browser` is a fixture (tests/conftest.py brings it to all tests). Both programs come from the system, for instance
`apt-get install chromium chromium-driver`; without them the tests that ask for a browser are skipped.
"""

import base64
import json
import os
import shutil
import time
from pathlib import Path

import pytest

_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",  # a container's /dev/shm is small
    "--hide-scrollbars",
    "--force-color-profile=srgb",
)
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# What sticks out of the page, by tag and class; nothing that scrolls by itself, nor what lies inside of that.
_STICKING_OUT = """
const wide = document.documentElement.clientWidth + 1;
const scrolls = (each) => each && each !== document.documentElement && each !== document.body &&
    (getComputedStyle(each).overflowX !== "visible" || scrolls(each.parentElement));
return [...document.querySelectorAll("body *")]
    .filter((each) => each.getBoundingClientRect().right > wide && !scrolls(each.parentElement))
    .map((each) => each.tagName.toLowerCase() + "." + (each.getAttribute("class") || ""));
"""


class Browser:
    """One window.

    Attributes:
        driver: Selenium's driver, for whatever has no method here.
    """

    def __init__(self, driver):
        self.driver = driver
        self._said, self._asked = [], []

    def open(self, page, width=1000, height=900, dark=False, media="screen", touch=False):
        """Opens a page, after forgetting all that was said and asked for before.

        Args:
            page: A file's path, or a URL.
            width: Of the window in CSS pixels; 400 is a phone.
            height: Of the window in CSS pixels.
            dark: Whether the system prefers dark colours.
            media: `screen` or `print`.
            touch: Whether the screen is touched, as a phone's is.
        """
        self.run_cdp(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=touch,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.run_cdp("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.driver.get("about:blank")
        self.errors(), self.requests()
        self._said, self._asked = [], []
        self.driver.get(page if isinstance(page, str) and ":" in page else Path(page).resolve().as_uri())

    def run(self, script, *arguments):
        """What a script returns: `browser.run("return document.title")`."""
        return self.driver.execute_script(script, *arguments)

    def run_cdp(self, command, **parameters):
        """What a command of the DevTools protocol returns."""
        return self.driver.execute_cdp_cmd(command, parameters)

    def find(self, css):
        """Every element that a CSS selector finds."""
        return self.driver.find_elements("css selector", css)

    def text(self, css="body"):
        """What can be read in the first element that a CSS selector finds."""
        (first, *_) = self.find(css)
        return first.text

    def wait(self, script, seconds=10):
        """Waits until a script returns something true, and returns that."""
        deadline = time.monotonic() + seconds
        while not (result := self.run(script)):
            assert time.monotonic() < deadline, f"never true: {script}"
            time.sleep(0.02)
        return result

    def errors(self):
        """What went wrong since the page was opened: errors and warnings of the console, exceptions, failed loads."""
        self._said += self.driver.get_log("browser")
        return [entry["message"] for entry in self._said if entry["level"] in ("SEVERE", "WARNING")]

    def requests(self):
        """The URL of everything that was asked for since the page was opened, the page itself included."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self._asked.append(message["params"]["request"]["url"])
        return [url for url in self._asked if not url.startswith(("data:", "about:"))]

    def overflowing(self):
        """What makes the page scroll sideways: the elements that stick out on the right."""
        wider = self.run("return document.documentElement.scrollWidth > document.documentElement.clientWidth")
        return self.run(_STICKING_OUT) or (["the page"] if wider else [])

    def screenshot(self, path):
        """Writes the whole page, however long, into a PNG file; returns the path."""
        picture = self.run_cdp("Page.captureScreenshot", captureBeyondViewport=True, format="png")
        Path(path).write_bytes(base64.b64decode(picture["data"]))
        return Path(path)


@pytest.fixture(scope="session")
def _chromium(tmp_path_factory):
    """The one Chromium of a test process."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    driver_program = shutil.which("chromedriver")
    if not program or not driver_program:
        pytest.skip("needs Chromium and its chromedriver: apt-get install chromium chromium-driver")
    selenium = pytest.importorskip("selenium.webdriver", reason='needs selenium: pip install -e ".[dev]"')
    options = selenium.ChromeOptions()
    options.binary_location = program
    for flag in _FLAGS:
        options.add_argument(flag)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # which Chromium's root has to do without
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = selenium.Chrome(options=options, service=selenium.ChromeService(driver_program))
    yield driver
    driver.quit()


@pytest.fixture
def browser(_chromium):
    """A window of a headless Chromium; see `Browser`."""
    return Browser(_chromium)
