"""A headless Chromium for tests that read pages; where there is none, they skip."""

import contextlib
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

# Nothing is asked of the network, and nothing is left behind.
_SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
)  # fmt: skip
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@contextlib.contextmanager
def browser(width: int = 1400, height: int = 900) -> Generator[Any]:
    """A selenium driver with a window of that size; skips the test where there is no browser."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    driver_program = shutil.which("chromedriver")
    if program is None or driver_program is None:
        pytest.skip("no Chromium with a driver: install chromium and chromium-driver")
    from selenium.webdriver.chrome.service import Service

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = program
        for switch in (*_SWITCHES, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
            options.add_argument(switch)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(driver_program))
        try:
            yield driver
        finally:
            driver.quit()


def open_page(driver: Any, path: Path, address: str = "") -> None:
    """Opens a file, afresh even where only the address behind `#` is another."""
    driver.get("about:blank")
    driver.get(path.as_uri() + (f"#{address}" if address else ""))


def complaints(driver: Any) -> list[str]:
    """What the page has said on the console since the last call, warnings and errors."""
    return [each["message"] for each in driver.get_log("browser") if each["level"] != "INFO"]
