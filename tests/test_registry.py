"""Names, cards and plug-ins."""

import importlib.metadata
import subprocess
import sys
import textwrap
import warnings

import pytest

from kzoo import shipped
from kzoo.problems import KzooError, KzooWarning
from kzoo.registry import KINDS, Card, Catalogue
from kzoo.registry.card import card_from_table
from kzoo.registry.local_parts import load_plugin_file, load_working_folder_plugins
from kzoo.registry.plugins import Plugin, cards_from_text, installed_plugins
from kzoo.registry.signature import REQUIRED, parse_signature


def catalogue_with(*plugins):
    return Catalogue(shipped.folder("registry"), lambda: list(plugins))


def card(kind, name, package, **more):
    return Card(kind=kind, name=name, package=package, target=f"{package}.parts:{name}", **more)


@pytest.mark.parametrize(
    "spelling", ["smooth_l1", "SmoothL1", "smooth-l1", "SMOOTH L1", "kzoo/Smooth-L1", "smooth_l1_loss"]
)
def test_spelling_does_not_matter(spelling):
    assert catalogue_with().find("loss", spelling).full_name == "kzoo/smooth_l1"


def test_a_name_of_keras_is_always_keras():
    plugin = Plugin("acme", "acme 1.0", (card("loss", "mean_squared_error", "acme"),))
    catalogue = catalogue_with(plugin)
    assert catalogue.find("loss", "mse").package == "keras"
    assert catalogue.find("loss", "mean_squared_error").package == "keras"
    assert catalogue.find("loss", "acme/mean_squared_error").package == "acme"
    assert catalogue.find("activation", "swish").full_name == "keras/silu"
    assert catalogue.find("activation", "kzoo/swish").full_name == "kzoo/swish"


def test_kzoo_comes_before_plugins():
    plugin = Plugin("acme", "acme 1.0", (card("loss", "smooth_l1", "acme"),))
    assert catalogue_with(plugin).find("loss", "smooth_l1").package == "kzoo"
    assert "acme/smooth_l1" in catalogue_with(plugin).names("loss")


def test_two_plugins_with_one_bare_name_are_an_error_that_lists_both():
    first = Plugin("acme", "acme 1", (card("loss", "magic", "acme"),))
    second = Plugin("zen", "zen 1", (card("loss", "magic", "zen"),))
    with pytest.raises(KzooError, match=r"acme/magic and zen/magic"):
        catalogue_with(first, second).find("loss", "magic")
    assert catalogue_with(first, second).find("loss", "zen/magic").package == "zen"


def test_an_unknown_name_gives_the_nearest_and_the_other_kinds_that_have_it():
    with pytest.raises(KzooError) as caught:
        catalogue_with().find("loss", "smoth_l1")
    assert "unknown loss 'smoth_l1'" in str(caught.value)
    assert "Did you mean 'smooth_l1'?" in str(caught.value)
    with pytest.raises(KzooError, match=r"There is an optimizer 'adamw'"):
        catalogue_with().find("loss", "adamw")
    with pytest.raises(KzooError, match=r"No plug-in 'acme' is installed"):
        catalogue_with().find("loss", "acme/focal")


def test_an_unknown_kind_gives_the_nearest():
    with pytest.raises(KzooError, match="Did you mean 'optimizer'"):
        catalogue_with().find("optimiser", "adam")


def test_names_take_patterns_and_tags():
    catalogue = catalogue_with()
    assert "mish" in catalogue.names("activation")
    assert set(catalogue.names("optimizer", "adam*")) >= {"adam", "adamw", "adamax"}
    assert catalogue.names("activation", tag="hidden") and catalogue.names("activation", "nothing*") == []


def test_every_listed_name_finds_its_card():
    catalogue = catalogue_with()
    for kind in KINDS:
        for name in catalogue.names(kind):
            assert catalogue.shown_name(catalogue.find(kind, name)) == name


def test_a_door_opens_to_all_behind_it():
    found = catalogue_with().find("dataset", "tfds/mnist")
    assert found.bound == {"builder": "mnist"} and found.name == "tfds/mnist"


def test_foreign_names():
    assert [each.name for each in catalogue_with().find_foreign("torch.nn.smoothl1loss")] == ["smooth_l1"]
    assert "torch.nn.HuberLoss" in catalogue_with().nearest_foreign("nn.HuberLoss")


# Registering ---------------------------------------------------------------------------------------------------------


def one():
    "First."


def two():
    "Second."


def registered(part, name="thing", package="local", kind="activation"):
    return Card(kind=kind, name=name, package=package, target=f"m:{part.__name__}", part=part)


def test_the_same_object_twice_is_no_error_another_is():
    catalogue = catalogue_with()
    catalogue.register(registered(one))
    catalogue.register(registered(one))
    with pytest.raises(KzooError, match="local/thing' is another object already"):
        catalogue.register(registered(two))
    assert catalogue.find("activation", "thing").load() is one


@pytest.mark.parametrize("name", ["relu", "ReLU", "quick_gelu"])
def test_nobody_takes_a_built_in_name(name):
    with pytest.raises(KzooError, match="already"):
        catalogue_with().register(registered(one, name))
    mine = catalogue_with().register(registered(one, name, package="mine"))
    assert mine.full_name == f"mine/{name}"


# Plug-ins ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a distribution with an entry point, as pip would leave it, and returns the plug-ins found."""

    def install_plugin(
        name="acme", cards='[loss.focal]\ntarget = "acme_parts.focal:Focal"\n', code="raise SystemExit"
    ):
        package = tmp_path / f"{name}_parts"
        package.mkdir()
        (package / "__init__.py").write_text(code)
        if cards is not None:
            (package / "kzoo.toml").write_text(cards)
        info = tmp_path / f"{name}_parts-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-parts\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[kzoo.plugins]\n{name} = {name}_parts\n")
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()
        return [plugin for plugin in installed_plugins() if plugin.name == name]

    return install_plugin


def test_a_plugin_is_found_without_being_imported(install):
    (plugin,) = install()
    assert plugin.broken == "" and plugin.cards[0].full_name == "acme/focal"
    assert "acme_parts" not in sys.modules


@pytest.mark.parametrize(
    ("cards", "why"),
    [
        (None, "kzoo.toml"),
        ("[loss.focal", "table declaration"),
        ('[loss.focal]\ntarget = "no colon"\n', "target"),
        ("[loss.focal]\nsummary = 'no target'\n", "target"),
        ('[lossy.focal]\ntarget = "a:b"\n', "lossy"),
        ('[loss.focal]\ntarget = "a:b"\nsumary = ""\n', "unknown key 'sumary'"),
        ('[loss.focal]\ntarget = "a:b"\naliases = "f"\n', "a list of strings"),
        ('requires = "kzoo>=99"\n[loss.focal]\ntarget = "a:b"\n', "requires kzoo>=99"),
        ('requires = "whatever"\n', "kzoo>=0.1"),
    ],
)
def test_a_broken_plugin_is_set_aside(install, cards, why):
    (plugin,) = install(cards=cards)
    assert why in plugin.broken and plugin.cards == ()
    catalogue = catalogue_with(plugin)
    with pytest.warns(KzooWarning, match="plug-in 'acme' .* was set aside"):
        assert "smooth_l1" in catalogue.names("loss")


def test_a_part_whose_target_fails_says_so_when_it_is_used(install):
    (plugin,) = install(code="")
    with pytest.raises(KzooError, match=r"'acme/focal' can't be imported from acme_parts.focal:Focal"):
        catalogue_with(plugin).find("loss", "acme/focal").load()


def test_requires_reads_versions():
    good = '[loss.x]\ntarget = "a:b"\n'
    for requires in ("kzoo>=0.1", "kzoo>=0.0.9", "kzoo<1", "kzoo~=0.1"):
        assert cards_from_text(f'requires = "{requires}"\n{good}', "acme")


def test_a_plugin_file_registers_under_its_own_name(tmp_path):
    path = tmp_path / "my_parts_a.py"
    path.write_text("import kzoo\n@kzoo.register('activation')\ndef MyThing(x):\n    'Does.'\n    return x\n")
    load_plugin_file(path)
    from kzoo.registry import catalogue

    assert catalogue().find("activation", "my_parts_a/my_thing").summary == "Does."


def test_a_plugin_file_that_fails_says_so(tmp_path):
    path = tmp_path / "my_parts_b.py"
    path.write_text("1/0\n")
    with pytest.raises(KzooError, match="plug-in 'my_parts_b' failed: ZeroDivisionError"):
        load_plugin_file(path)
    with pytest.raises(KzooError, match="no such plug-in file"):
        load_plugin_file(tmp_path / "missing.py")


def test_the_working_folder_names_plugins(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.kzoo]\nplugins = ["my_parts_c"]\n')
    (tmp_path / "my_parts_c.py").write_text(
        "import kzoo\n@kzoo.register('loss', 'c_loss')\ndef c_loss(t, p):\n    return p\n"
    )
    load_working_folder_plugins(tmp_path)
    from kzoo.registry import catalogue

    assert catalogue().find("loss", "c_loss").full_name == "my_parts_c/c_loss"


# Cards and signatures ------------------------------------------------------------------------------------------------


def test_signatures_are_read_without_importing():
    parsed = parse_signature("units, beta: float = 1.0, mode: str | None = None, axis=-1, **kwargs")
    assert parsed.parameters["units"].default is REQUIRED and parsed.open
    assert [each.expects() for each in parsed.parameters.values()] == ["", "number", "string", "numeric"]
    assert parsed.missing({"beta"}) == ["units"]


def test_a_card_knows_the_name_that_files_use():
    assert (
        card_from_table("loss", "x", {"target": "kzoo.losses.regression:SmoothL1"}).serialized_name
        == "kzoo>SmoothL1"
    )


def test_nothing_below_build_imports_keras():
    code = textwrap.dedent("""
        import sys, kzoo, kzoo.cli, kzoo.recipe.schema, kzoo.registry.proofs
        kzoo.names("loss"); kzoo.card("optimizer", "adam"); kzoo.find("torch.nn.SmoothL1Loss")
        kzoo.load_recipe("mnist_cnn"); kzoo.recipe.schema.recipe_schema()
        loaded = {"keras", "tensorflow", "jax", "torch", "numpy"} & set(sys.modules)
        assert not loaded, loaded
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "verb",
    [
        ["list"],
        ["list", "loss", "--tag", "robust"],
        ["show", "smooth_l1", "mish"],
        ["find", "torch.nn.SmoothL1Loss"],
        ["--help"],
        ["train", "--help"],
        ["check", "mnist_cnn", "--quick"],
        ["schema"],
        ["doctor"],
    ],
    ids=" ".join,
)
def test_verbs_that_need_no_keras_import_none(verb):
    code = textwrap.dedent(f"""
        import sys
        from kzoo.cli import main
        sys.argv = ["kzoo", *{verb!r}]
        try:
            main()
        except SystemExit as ended:
            assert not ended.code, ended.code
        loaded = {{"keras", "tensorflow", "jax", "torch", "numpy"}} & set(sys.modules)
        assert not loaded, loaded
    """)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_no_installed_plugin_is_broken():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        catalogue_with(*installed_plugins())
