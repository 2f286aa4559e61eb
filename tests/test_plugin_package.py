"""A plug-in as an author ships it: an installed package whose parts work by name, in Keras, in recipes and in files."""

import os
import subprocess
import sys
import textwrap

import pytest

PARTS = """
import keras

class Shrunk(keras.losses.Loss):
    def __init__(self, factor: float = 0.5, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, y_true, y_pred):
        return self.factor * keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}

def bent(x):
    return keras.ops.where(x > 0, x, x / 3)
"""
CARDS = """
requires = "kzoo>=0.1"
[loss.shrunk]
target = "acme_parts.parts:Shrunk"
summary = "Squared error, shrunk."
[activation.bent]
target = "acme_parts.parts:bent"
[activation.relu]
target = "acme_parts.parts:bent"
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """Runs code in a process in which the plug-in is installed."""
    folder = tmp_path_factory.mktemp("site")
    package = folder / "acme_parts"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "parts.py").write_text(PARTS)
    (package / "kzoo.toml").write_text(CARDS)
    info = folder / "acme_parts-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-parts\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[kzoo.plugins]\nacme = acme_parts\n")

    def run(code, *command):
        arguments = ["-c", textwrap.dedent(code)] if code else ["-m", "kzoo", *map(str, command)]
        environment = os.environ | {"PYTHONPATH": str(folder)}
        done = subprocess.run(
            [sys.executable, *arguments], env=environment, cwd=folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr[-3000:]
        return done.stdout

    return run


def test_its_names_are_listed_without_importing_it(python):
    assert "shrunk" in python("", "list", "loss") and "acme/relu" in python("", "list", "activation")
    printed = python("""
        import sys, kzoo
        assert kzoo.card("loss", "shrunk").full_name == "acme/shrunk"
        assert kzoo.card("activation", "relu").package == "keras"
        from kzoo.recipe.schema import recipe_schema
        assert "shrunk" in str(recipe_schema())
        print("acme_parts" in sys.modules)
    """)
    assert printed.strip() == "False"
    assert "shadowed: activation acme/relu" in python("", "doctor", "--imports")


def test_its_parts_work_in_keras_and_in_files(python):
    python("""
        import keras, kzoo, numpy as np
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, activation="bent")])
        model.compile(loss=kzoo.get("loss", "shrunk", factor=0.25), optimizer="sgd")
        model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
        model.save("acme.keras")
        np.save("wanted.npy", model.predict(np.ones((4, 3)), verbose=0))
    """)
    printed = python("""
        import kzoo, numpy as np
        model = kzoo.load_model("acme.keras")
        assert np.array_equal(model.predict(np.ones((4, 3)), verbose=0), np.load("wanted.npy"))
        print(type(model.loss).__name__, model.loss.factor, model.layers[0].activation.__name__)
    """)
    assert printed.split() == ["Shrunk", "0.25", "bent"]


def test_its_parts_work_in_recipes(python):
    changes = ["fit.epochs=1", "data.one_hot=true", "compile.loss={name: acme/shrunk, factor: 2.0}"]
    printed = python("", "train", "digits_quick", *changes, "model.activation=bent")
    assert "test: accuracy" in printed
    assert "test: accuracy" in python("", "eval", printed.splitlines()[-1].removeprefix("run: "))
