"""Reports in a real browser: drawn, of the right width, quiet, and asking for nothing but themselves."""

import pytest
from PIL import Image
from run_folders import HOSTILE, make_run

from kzoo.report import write_comparison, write_report
from kzoo.runs import load_run

pytestmark = pytest.mark.slow

# Width and height of what was drawn of each plot.
DRAWN = """
return [...document.querySelectorAll("svg[data-readings] .line, svg.matrix rect, .mistakes img, .bar span")]
    .map((each) => { const box = each.getBoundingClientRect(); return [box.width, box.height]; });
"""
CONTRAST = """
const light = (color) => {
    const parts = color.match(/[\\d.]+/g).slice(0, 3).map((each) => each / 255)
        .map((each) => each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
const behind = (each) => {
    const color = getComputedStyle(each).backgroundColor;
    return color !== "rgba(0, 0, 0, 0)" || !each.parentElement ? color : behind(each.parentElement);
};
return [...document.querySelectorAll("h1, h2, p, li, dt, dd, th, td, summary, pre, .state")]
    .filter((each) => each.innerText?.trim() && !each.closest(".heat"))
    .map((each) => [light(getComputedStyle(each).color), light(behind(each)), each.outerHTML.slice(0, 60)])
    .map(([one, other, what]) => [(Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05), what])
    .filter(([ratio]) => ratio < 4.5);
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """By name: a report, a comparison, and a report full of attacks."""
    folder = tmp_path_factory.mktemp("pages")
    one = make_run(folder, name="digits_quick-20260101-000001")
    two = make_run(folder, overrides=["fit.epochs=9"], name="digits_quick-20260101-000002", losses=(0.9, 0.4))
    hostile = make_run(folder, hostile=True, name="hostile-20260101-000003")
    for path in (one, hostile):
        write_report(load_run(path))
    write_comparison([load_run(one), load_run(two)] * 6, folder / "comparison.html")
    return {
        "report": one / "report.html",
        "comparison": folder / "comparison.html",
        "hostile": hostile / "report.html",
    }


@pytest.mark.parametrize("name", ["report", "comparison", "hostile"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [400, 1200])
def test_a_page_is_whole_at_every_width(browser, pages, tmp_path, name, dark, width):
    browser.open(pages[name], width=width, dark=dark, touch=width == 400)
    assert browser.run("return innerWidth") == width
    assert browser.overflowing() == []
    sizes = browser.run(DRAWN)
    assert len(sizes) > 3 and [size for size in sizes if max(size) < 1] == []
    assert browser.run(CONTRAST) == []
    assert browser.run(
        "return [...document.querySelectorAll('.heat td')].every((each) => each.offsetHeight < 32)"
    )
    shown = Image.open(browser.screenshot(tmp_path / "page.png")).convert("L")
    assert shown.width == width and shown.height > 1000
    assert (shown.getpixel((2, 2)) < 64) == dark and shown.getextrema()[1] - shown.getextrema()[0] > 150
    assert browser.errors() == []
    assert browser.requests() == [pages[name].as_uri()]


def test_attacks_are_read_not_run(browser, pages):
    browser.open(pages["hostile"])
    assert HOSTILE in browser.text("ul.callout")
    assert browser.find("b1") == [] and len(browser.find("script")) == 1
    # Even a script that got in would not run: the page allows its own only.
    browser.run(
        "const s = document.createElement('script'); s.text = 'window.ran = 1'; document.body.append(s)"
    )
    assert browser.run("return window.ran") is None


def test_the_pointer_reads_the_curves(browser, pages):
    browser.open(pages["report"])
    browser.run("document.querySelector('svg[data-readings]').scrollIntoView({block: 'center'})")
    box = browser.run("return document.querySelector('svg[data-readings]').getBoundingClientRect().toJSON()")
    for share, epoch, loss in ((0.12, 1, 1), (0.55, 2, 0.5), (0.97, 3, 0.35)):
        place = {"x": box["x"] + share * box["width"], "y": box["y"] + box["height"] / 2}
        browser.run_cdp("Input.dispatchMouseEvent", type="mouseMoved", **place)
        expected = f"epoch {epoch}: training {loss}, validation {loss}"
        browser.wait(f"return document.querySelector('.plot .reading').textContent.trim() === '{expected}'")
    browser.run_cdp("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
    browser.wait("return document.querySelector('.plot .reading').textContent.startsWith('best validation')")


def test_curves_have_their_run_s_colour_everywhere(browser, pages):
    browser.open(pages["comparison"])
    colors = browser.run(
        "return [...document.querySelectorAll('#results .key .line, .plot:first-child .legend .line')]"
        ".map((each) => getComputedStyle(each).stroke + getComputedStyle(each).strokeDasharray)"
    )
    rows, legend = colors[:12], colors[12:]
    assert rows == legend and len(set(rows)) == 12  # twelve runs, eight colours, and dashes


def test_it_prints_in_dark_ink_on_white(browser, pages):
    browser.open(pages["report"], dark=True, media="print", width=700)
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.run("return getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert browser.overflowing() == []
    assert len(browser.run_cdp("Page.printToPDF")["data"]) > 10_000
