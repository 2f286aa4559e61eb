"""kzoo's names in plain Keras, and what the plug-in relies on."""

import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest

import kzoo
from kzoo import keras_plugin


def in_fresh_process(code, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


# What it relies on: one of these fails when a Keras release moved something ------------------------------------------


@pytest.mark.parametrize("kind", keras_plugin.TABLES)
def test_keras_still_looks_names_up_in_the_table(kind):
    """Keras's `get` of this kind must go through the module's ALL_OBJECTS_DICT, which the plug-in replaces."""
    module = sys.modules[keras_plugin.TABLES[kind]]
    assert isinstance(module.ALL_OBJECTS_DICT, keras_plugin._Names), (
        f"{module.__name__} has another table now"
    )
    with pytest.raises(ValueError, match="nothing_of_that_name"):
        module.get("nothing_of_that_name")


def test_keras_still_keeps_registered_objects_in_one_table():
    from keras.src.saving import object_registration

    assert isinstance(object_registration.GLOBAL_CUSTOM_OBJECTS, keras_plugin._SavedNames)
    assert keras.saving.get_custom_objects() is object_registration.GLOBAL_CUSTOM_OBJECTS


def test_a_keras_without_the_tables_is_refused_in_words(monkeypatch):
    monkeypatch.delattr(sys.modules["keras.src.losses"], "ALL_OBJECTS_DICT")
    with pytest.raises(RuntimeError, match=r"Keras .*keras\.src\.losses\.ALL_OBJECTS_DICT is gone"):
        keras_plugin.plug_in()


def test_plugging_in_twice_changes_nothing():
    before = sys.modules["keras.src.losses"].ALL_OBJECTS_DICT
    keras_plugin.plug_in()
    assert sys.modules["keras.src.losses"].ALL_OBJECTS_DICT is before


# Names ---------------------------------------------------------------------------------------------------------------


def test_names_work_wherever_keras_takes_a_string():
    assert type(keras.losses.get("smooth_l1")).__name__ == "SmoothL1"
    assert type(keras.losses.get("kzoo/smooth_l1")).__name__ == "SmoothL1"
    assert type(keras.optimizers.get("radam")).__name__ == "RAdam"
    assert keras.activations.get("quick_gelu").__name__ == "quick_gelu"
    assert type(keras.initializers.get("torch_default")).__name__ == "TorchDefault"


def test_names_that_died_with_keras_3_live_again():
    assert keras.losses.get("kullback_leibler_divergence").name == "kl_divergence"
    assert keras.losses.get("cosine_proximity").name == "cosine_similarity"


def test_built_in_names_are_never_taken():
    assert keras.losses.get("mse") is keras.losses.mean_squared_error
    assert keras.activations.get("swish") is keras.activations.silu
    assert isinstance(keras.optimizers.get("adam"), keras.optimizers.Adam)  # on PyTorch, of a subclass
    for kind, module_name in keras_plugin.TABLES.items():
        table = sys.modules[module_name].ALL_OBJECTS_DICT
        assert all(dict.__getitem__(table, name) is table[name] for name in dict(table)), kind


def test_a_layer_as_activation_is_a_new_one_each_time():
    first, second = keras.activations.get("kzoo/swish"), keras.activations.get("kzoo/swish")
    assert first is not second and isinstance(first, keras.Layer)


def test_a_part_that_needs_arguments_says_which():
    with pytest.raises(
        ValueError, match=r"'kzoo/cohen_kappa' can't be made from its name alone: it needs num_classes"
    ):
        keras.metrics.get("cohen_kappa")


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'smooth_l1'"):
        keras.losses.get("smoth_l1")


# Saving --------------------------------------------------------------------------------------------------------------


def model_with_our_parts():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.layers.Input((4,)),
            keras.layers.Dense(6, activation="quick_gelu", kernel_initializer="torch_default"),
            keras.layers.Dense(6, activation="kzoo/swish"),
            kzoo.get("layer", "maxout", units=3),
            keras.layers.Dense(2, activation=kzoo.get("activation", "kzoo/swish", learn_beta=True)),
        ]
    )
    optimizer = kzoo.get(
        "optimizer", {"name": "lookahead", "optimizer": {"name": "radam", "learning_rate": 1e-2}}
    )
    model.compile(loss="smooth_l1", optimizer=optimizer, metrics=["mae"])
    return model


def test_a_saved_model_loads_in_a_fresh_process_with_plain_keras(tmp_path):
    model = model_with_our_parts()
    x, y = np.random.default_rng(0).normal(size=(8, 4)).astype("float32"), np.zeros((8, 2), "float32")
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "wanted.npy", model.predict(x, verbose=0))
    code = """
        import sys, numpy as np
        import {first}
        import {second}
        folder = sys.argv[1]
        model = keras.saving.load_model(folder + "/model.keras")
        got = model.predict(np.load(folder + "/x.npy"), verbose=0)
        assert np.array_equal(got, np.load(folder + "/wanted.npy"))
        model.fit(np.load(folder + "/x.npy"), np.zeros((8, 2)), verbose=0)
        print(type(model.optimizer).__name__, type(model.optimizer.optimizer).__name__, model.loss)
    """
    for first, second in (("kzoo", "keras"), ("keras", "kzoo")):
        printed = in_fresh_process(code.format(first=first, second=second), tmp_path)
        assert printed.split() == ["Lookahead", "RAdam", "smooth_l1"]


def test_a_config_finds_our_class_though_keras_has_one_of_that_class_name(monkeypatch):
    """A table of Keras's is asked by class name; the registered name has to win."""

    @keras.saving.register_keras_serializable("kzoo", "SGD")
    class SGD(keras.optimizers.Adam):
        pass

    saved = keras.optimizers.serialize(SGD(0.5))
    assert type(keras.optimizers.get(saved)) is SGD


def test_a_hostile_config_imports_nothing_but_parts():
    code = """
        import sys, kzoo, keras
        config = {"module": "kzoo.cli", "class_name": "X", "config": {}, "registered_name": "kzoo>X"}
        try:
            keras.saving.deserialize_keras_object(config)
        except TypeError:
            pass
        assert "kzoo.cli" not in sys.modules
    """
    in_fresh_process(code)


def test_importing_kzoo_imports_no_keras_and_plugging_in_imports_no_parts():
    in_fresh_process("""
        import sys, kzoo
        assert not {"keras", "tensorflow", "jax"} & set(sys.modules)
        import keras
        assert not [name for name in sys.modules if name.startswith(("kzoo.losses", "kzoo.optimizers", "kzoo.layers"))]
        assert keras.losses.get("smooth_l1") is not None
    """)
