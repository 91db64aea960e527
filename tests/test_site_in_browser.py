"""The site as a browser shows it: built anew, on a desktop and a phone, light and dark."""

import importlib.util
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-sync", "--disable-background-networking", "--disable-component-update"),
]
PAGES = ["index", "tasks/index", "tasks/table_odd_rows", "models/info_vae", "models/beta_tcvae"]
PAGES += ["choosing", "evaluation", "serving", "faq", "reference/index", "reference/kernels"]
WIDTHS = {"desktop": 1280, "phone": 390}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("mkdocs", "selenium")),
        reason="needs pip install keras-infovae[docs]",
    ),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, from a strict build."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "--quiet", "build", "--strict"]
    built = subprocess.run(
        [*command, f"--site-dir={folder}"], cwd=ROOT, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("needs the programs chromium and chromedriver")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in [*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, Service(DRIVER))
    yield driver
    driver.quit()


def show(browser, address, width, scheme):
    """Shows a page from disk as a device of this width does that prefers this scheme."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    preference = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [preference]})
    browser.get(address)
    browser.execute_script("localStorage.clear()")  # the scheme that the last page chose
    browser.get(address)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", WIDTHS)
def test_main_pages_are_whole(site, browser, device, scheme):
    for page in PAGES:
        show(browser, (site / f"{page}.html").as_uri(), WIDTHS[device], scheme)
        assert browser.get_log("browser") == [], page
        broken = "return [...document.images].filter(i => i.naturalWidth == 0).map(i => i.src)"
        assert browser.execute_script(broken) == [], page
        wide = browser.execute_script("return document.documentElement.scrollWidth")
        assert wide <= WIDTHS[device], page
        shown = browser.execute_script("return document.body.dataset.mdColorScheme")
        assert shown == {"light": "default", "dark": "slate"}[scheme], page


def test_the_search_finds_a_page_without_a_server(site, browser):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.wait import WebDriverWait

    show(browser, (site / "index.html").as_uri(), WIDTHS["desktop"], "light")
    browser.find_element(By.CSS_SELECTOR, "input.md-search__input").send_keys("total correlation")
    found = WebDriverWait(browser, 60).until(
        lambda driver: driver.find_elements(By.CSS_SELECTOR, "a.md-search-result__link")
    )
    assert any("beta_tcvae.html" in link.get_attribute("href") for link in found)
    assert browser.get_log("browser") == []
