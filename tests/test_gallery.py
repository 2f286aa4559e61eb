"""The pages of the gallery: whole, linked, drawn, readable, and safe whoever wrote the cards."""

import html.parser
import itertools
import re

import pytest

from kzoo.gallery import write_gallery
from kzoo.gallery.plot import plot_of, ticks
from kzoo.gallery.related import related
from kzoo.registry import KINDS, catalogue
from kzoo.registry.curves import all_curves
from kzoo.registry.plugins import Plugin, cards_from_text

CARDS = [card for kind in KINDS for card in catalogue().cards(kind) if card.package in ("keras", "kzoo")]
SCRIPT = "<script>alert(1)</script>"
HOSTILE = f'''
[loss."..<script>alert(1)"]
target = "evil.losses:Loss"
summary = "{SCRIPT} \\" onmouseover=alert(1) {{{{ 7 * 7 }}}}"
formula = '\\text{{{SCRIPT}}} \\href{{javascript:alert(1)}}{{x}} \\style{{color:red}}{{x}}'
aliases = ["{SCRIPT}"]
same_as = ["{SCRIPT}"]
differs = "<img src=x onerror=alert(1)>"
paper = "<b>arXiv:1234.56789</b> javascript:alert(1)"
tags = ["<i>", "robust"]
signature = "x='{SCRIPT}'"
[loss."..<SCRIPT>alert(1)"]
target = "evil.losses:Other"
formula = '\\newcommand{{\\a}}{{xx}} \\a'
[loss.index]
target = "evil.losses:Index"
[loss.smooth_l1]
target = "evil.losses:Smooth"
'''


class Page(html.parser.HTMLParser):
    """What a page consists of: tags with their attributes, links, ids, texts."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.ids, self.links, self.texts = [], [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append((tag, attributes))
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes[key] for key in ("href", "src") if key in attributes]

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A gallery of all parts, with those of a hostile plug-in."""
    folder = tmp_path_factory.mktemp("gallery") / "site"
    with pytest.MonkeyPatch.context() as patch:
        plugin = Plugin("evil", "evil 1.0", tuple(cards_from_text(HOSTILE, "evil")))
        patch.setattr(catalogue(), "plugins", [plugin])
        written = write_gallery(folder)
    return folder, written


@pytest.fixture(scope="module")
def pages(site):
    return {path.relative_to(site[0]).as_posix(): Page(path) for path in sorted(site[0].rglob("*.html"))}


def test_every_part_has_a_page(site, pages):
    _, written = site
    assert sum(written.parts.values()) == len(CARDS) + 4
    assert written.pages == len(pages) == len(CARDS) + 4 + len(KINDS) + 1
    for card in CARDS:
        page = pages[f"{card.kind}/{catalogue().shown_name(card).replace('/', '.')}.html"]
        assert "".join(page.texts).count(card.summary) >= 1
        assert ("math" in dict(page.tags)) == bool(card.formula)
        shown = set(page.texts)
        assert {*card.same_as, *card.aliases} <= shown
        assert set(card.parameters().parameters) - {"name"} <= shown


def test_all_links_lead_to_pages_of_the_site(site, pages):
    folder, _ = site
    for name, page in pages.items():
        for link in page.links:
            if link.startswith("https://"):
                assert re.match(r"https://(arxiv\.org/abs|doi\.org)/", link)
                continue
            path = link.partition("#")[0]
            target = (folder / name).parent / path if path else folder / name
            inside = target.resolve().is_relative_to(folder) and target.is_file()
            assert link == "data:," or inside, (name, link)


def test_pages_are_well_formed(pages):
    for name, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), name
        names = [tag for tag, _ in page.tags]
        assert names.count("h1") == names.count("main") == names.count("title") == 1
        labels = {attributes.get("for") for tag, attributes in page.tags if tag == "label"}
        for tag, attributes in page.tags:
            assert not {key for key in attributes if key.startswith("on") or key == "style"}, name
            if tag == "input":
                assert attributes["id"] in labels
            if "aria-labelledby" in attributes:
                assert attributes["aria-labelledby"] in page.ids
            if tag == "svg":
                assert attributes.get("aria-label") or attributes.get("aria-hidden") == "true"


def test_what_a_plugin_writes_stays_text(site, pages):
    folder, written = site
    assert sorted(path.name for path in folder.parent.iterdir()) == ["site"]
    evil = [page for page in pages.values() if any(SCRIPT in text for text in page.texts)]
    assert evil
    for page in pages.values():
        scripts = [attributes for tag, attributes in page.tags if tag == "script"]
        assert len(scripts) == 5 and all("src" in attributes for attributes in scripts)
        assert not [tag for tag, _ in page.tags if tag in ("img", "i", "b", "iframe")]
        assert not any(link.startswith("javascript:") for link in page.links)
    assert any("{{ 7 * 7 }}" in text for text in evil[0].texts)
    assert written.unreadable == ["loss evil/..<SCRIPT>alert(1)"]


def test_names_that_differ_in_what_files_cannot_have_get_files_of_their_own(pages):
    names = [name for name in pages if name.startswith("loss/")]
    assert len({name.casefold() for name in names}) == len(names)
    assert "loss/evil.smooth_l1.html" in names and "loss/smooth_l1.html" in names
    assert "loss/index-2.html" in names


# Plots and relatives --------------------------------------------------------------------------------------------------


def test_everything_with_a_curve_is_drawn_within_its_picture():
    drawn = [plot_of(card) for card in CARDS if f"{card.kind}/{card.full_name}" in all_curves()]
    assert len(drawn) == len(all_curves()) and None not in drawn
    for plot in drawn:
        for _, path in plot.lines:
            points = [tuple(map(float, each.split())) for each in re.split("[ML]", path) if each]
            assert len(points) >= 2
            assert all(plot.left <= x <= plot.right and plot.top <= y <= plot.bottom for x, y in points)
        assert 3 <= len(plot.x_ticks) <= 8 and 2 <= len(plot.y_ticks) <= 8


def test_a_plot_shows_what_the_curve_says():
    plot = plot_of(catalogue().find("activation", "relu"))
    (_, f), (_, slope) = plot.lines
    assert f.count("L") == 2 and slope.count("L") <= 4  # straight lines need no points between
    zero = next(tick.at for tick in plot.x_ticks if tick.zero)
    assert f"L{zero:.1f}" in f
    celu = plot_of(catalogue().find("activation", "celu"))
    assert "between 0.00248 and 1." in celu.said  # what autodiff gives at 0 itself is 2


@pytest.mark.parametrize("low, high", [(0, 1), (-6, 6), (0, 0.003), (-0.31, 6.3), (0, 1e5)])
def test_ticks_are_round(low, high):
    found = ticks(low, high, 5)
    steps = {round(b - a, 12) for a, b in itertools.pairwise(found)}
    assert 3 <= len(found) <= 8 and low <= found[0] and found[-1] <= high and len(steps) == 1


def test_relatives_share_tags():
    losses = [card for card in CARDS if card.kind == "loss"]
    near = related(losses)
    names = [card.full_name for card in near["kzoo/focal_tversky"]]
    assert "kzoo/tversky" in names and "kzoo/focal_tversky" not in names
    assert all(len(each) <= 6 for each in near.values())
    models = related([card for card in CARDS if card.kind == "model"])
    assert all("resnet" in card.name for card in models["kzoo/resnet50"])


# Colours --------------------------------------------------------------------------------------------------------------


def contrast(one, other):
    """As WCAG 2 defines it."""

    def luminance(color):
        shares = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in shares]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(site, scheme):
    blocks = re.findall(r":root \{(.*?)\}", (site[0] / "gallery.css").read_text(), re.S)
    colors = dict(re.findall(r"--(\w+): (#\w{6});", blocks[scheme == "dark"]))
    for text in ("ink", "soft", "accent", "second", "keras", "kzoo", "other"):
        for ground in ("page", "raised"):
            assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)
