"""The gallery in a real browser: searching, following, copying, on a phone, without asking anybody for anything."""

import json

import pytest

from kzoo.gallery import write_gallery

Keys = pytest.importorskip("selenium.webdriver").Keys
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery") / "site"
    write_gallery(folder)
    return folder


def found(browser, query, kind="", tag=""):
    """The names that a search finds, best first."""
    call = f"Search.find({json.dumps(query)}, {json.dumps(kind)}, {json.dumps(tag)})"
    return browser.run(f"return {call}.map((part) => part.name)")


def type_into_search(browser, *keys):
    (box,) = browser.find("#query")
    box.send_keys(*keys)


def quiet(browser, site):
    """Nothing went wrong, and nothing was asked for but the site's own files."""
    assert browser.errors() == []
    assert all(url.startswith(site.as_uri()) for url in browser.requests())
    return True


def test_what_is_typed_is_found(browser, site):
    browser.open(site / "index.html")
    for query in (
        "smooth_l1",
        "SmoothL1",
        "smooth l1",
        "torch.nn.SmoothL1Loss",
        "SmoothL1Loss",
        "smooth_l1_loss",
        "kzoo/smooth_l1",
    ):
        assert found(browser, query)[0] == "smooth_l1", query
    assert found(browser, "mish")[0] == "mish"
    assert set(found(browser, "swish")[:2]) == {"silu", "kzoo/swish"}
    assert found(browser, "radma")[0] == "radam"  # a typing error
    assert found(browser, "smoth l1")[0] == "smooth_l1"
    resnets = found(browser, "resnet")
    assert all(name.startswith("resnet") for name in resnets[:8])
    assert "huber" in found(browser, "robust loss")
    assert set(found(browser, "", "loss", "robust")) < set(found(browser, "", "loss"))
    assert found(browser, "qqqqqq") == found(browser, "<b>") == []


def test_searching_and_following_with_the_keyboard(browser, site):
    browser.open(site / "index.html")
    browser.find("body")[0].send_keys("/")
    assert browser.run("return document.activeElement.id") == "query"
    type_into_search(browser, "torch.nn.SmoothL1Loss")
    assert browser.text("#told") == "1 found"
    assert browser.find("#kinds")[0].is_displayed() is False
    type_into_search(browser, Keys.ENTER)
    browser.wait("return document.title.startsWith('smooth_l1')")
    assert browser.text("h1") == "smooth_l1 kzoo"
    browser.driver.back()
    browser.wait("return document.querySelector('#query')?.value === 'torch.nn.SmoothL1Loss'")
    assert browser.text("#found strong") == "smooth_l1"
    type_into_search(browser, Keys.ESCAPE)
    assert browser.find("#kinds")[0].is_displayed()
    type_into_search(browser, "adam", Keys.ARROW_DOWN)
    browser.driver.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    second = browser.run("return document.activeElement.querySelector('strong').textContent")
    assert second == found(browser, "adam")[1]
    browser.driver.switch_to.active_element.send_keys(Keys.ARROW_UP)
    browser.driver.switch_to.active_element.send_keys(Keys.ARROW_UP)
    assert browser.run("return document.activeElement.id") == "query"
    assert quiet(browser, site)


def test_searching_from_the_page_of_a_part(browser, site):
    browser.open(site / "loss" / "smooth_l1.html")
    browser.find("body")[0].send_keys("/")
    type_into_search(browser, "gelu")
    assert browser.find(".drop")[0].is_displayed()
    type_into_search(browser, Keys.ARROW_DOWN)
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    browser.wait("return document.title.startsWith('gelu')")
    assert quiet(browser, site)


def test_filters(browser, site):
    browser.open(site / "index.html")
    choose = "const [id, value] = arguments; const each = document.getElementById(id); each.value = value;"
    choose += "each.dispatchEvent(new Event('input')); each.dispatchEvent(new Event('change'));"
    browser.run(choose, "kind", "schedule")
    browser.run(choose, "tag", "warmup")
    names = [each.text for each in browser.find("#found strong")]
    assert names == found(browser, "", "schedule", "warmup") and "warmup_cosine" in names
    browser.open(site / "loss" / "smooth_l1.html")
    next(each for each in browser.find(".chip") if each.text == "robust").click()
    browser.wait("return location.hash === '#tag=robust'")
    shown = [each.text for each in browser.find(".parts li:not([hidden]) strong")]
    assert "smooth_l1" in shown and "dice" not in shown
    assert browser.text("#shown").startswith(f"{len(shown)} of ")
    assert quiet(browser, site)


@pytest.mark.parametrize("by_hand", [False, True], ids=["clipboard", "by hand"])
def test_copying(browser, site, by_hand):
    browser.open(site / "loss" / "smooth_l1.html")
    browser.run_cdp("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    browser.run("window.kept = navigator.clipboard")
    if by_hand:
        refusing = "{value: {writeText: () => Promise.reject(new Error('not here'))}}"
        browser.run(f"Object.defineProperty(navigator, 'clipboard', {refusing})")
    buttons = {each.get_attribute("aria-label"): each for each in browser.find(".copy")}
    for label, text in (
        ("Copy: In Python", 'kzoo.get("loss", "smooth_l1")'),
        ("Copy: In a recipe", "compile:\n  loss: smooth_l1"),
    ):
        buttons[label].click()
        browser.wait(f"return document.querySelector('[aria-label=\"{label}\"]').textContent === 'Copied'")
        assert browser.driver.execute_async_script("kept.readText().then(arguments[0])") == text
    assert quiet(browser, site)


@pytest.mark.parametrize(
    "page",
    [
        "index.html",
        "activation/index.html",
        "loss/smooth_l1.html",
        "activation/mish.html",
        "optimizer/ademamix.html",
        "model/resnet50.html",
        "model/index.html",
        "schedule/piecewise_constant_decay.html",
    ],
)
def test_on_a_phone_in_the_dark_and_on_paper(browser, site, page):
    for look in (
        {"width": 400, "touch": True},
        {"width": 320, "dark": True},
        {"width": 1200},
        {"media": "print"},
    ):
        browser.open(site / page, **look)
        assert browser.overflowing() == [], look
        assert quiet(browser, site)


def test_formulas_and_plots_are_drawn(browser, site):
    browser.open(site / "activation" / "mish.html")
    sizes = browser.run(
        "return ['math', '.plot .line0', '.plot .line1'].map((css) => {"
        "const box = document.querySelector(css).getBoundingClientRect(); return [box.width, box.height]; })"
    )
    assert all(width > 50 and height > 10 for width, height in sizes)
    assert (
        browser.run("return getComputedStyle(document.querySelector('.line0')).stroke") == "rgb(11, 87, 164)"
    )
