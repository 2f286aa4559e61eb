"""What a step will hold: against closed forms, against what XLA says of the compiled step, and as a verb."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import kzoo
from kzoo.memory import forecast
from kzoo.memory.building import forecaster
from kzoo.memory.fit import largest_batch
from kzoo.problems import KzooError

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from memory_cases import CASES, CLASSES, HABITS, loaded, recipe_of  # noqa: E402

GOLDEN = json.loads((ROOT / "tests/golden/memory.json").read_text(encoding="utf-8"))["cases"]
# Those that take a second or so to trace; benchmarks/memory.py does all.
QUICK = [
    case
    for case in CASES
    if case.name in GOLDEN
    and case.name not in HABITS
    and case.model in ("softmax_regression", "mlp", "lenet5")
] + [case for case in CASES if case.name == "resnet20 32×32×3 32 sgd"]

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="forecasts are made on TensorFlow"
)


def held(measured):
    return measured["argument"] + measured["output"] + measured["temp"] - measured["alias"]


def dense(optimizer="sgd", layers=None, batch=32, precision="float32", **run):
    layers = layers or [{"name": "dense", "units": 64, "activation": "tanh"}, {"name": "dense", "units": 10}]
    return loaded(
        {
            "name": "dense",
            "data": {"name": "digits", "batch_size": batch},
            "model": {"layers": layers},
            "compile": {
                "loss": {"name": "sparse_categorical_crossentropy", "from_logits": True},
                "optimizer": optimizer,
            },
            "run": {"precision": precision, **run},
        }
    )


def at(recipe, shape=(100,), **options):
    return forecast(recipe, input_shape=shape, num_classes=10, **options)


# Against closed forms ------------------------------------------------------------------------------------------------

WEIGHTS = 100 * 64 + 64 + 64 * 10 + 10


@pytest.mark.parametrize(
    ("optimizer", "slots"),
    [
        ("sgd", 0),
        ({"name": "sgd", "momentum": 0.9}, 4 * WEIGHTS),
        ("lion", 4 * WEIGHTS),
        ("adamw", 8 * WEIGHTS),
        ({"name": "adam", "amsgrad": True}, 12 * WEIGHTS),
        # The 6,400 of the first kernel in a byte each and 25 scales of blocks, twice; all others whole.
        ("adam_8bit", 2 * (6400 + 25 * 4) + 8 * (WEIGHTS - 6400)),
    ],
)
def test_the_optimizers_own_variables(optimizer, slots):
    parts = at(dense(optimizer)).parts
    assert parts["parameters"] == 4 * WEIGHTS
    assert slots <= parts["optimizer"] <= slots + 16  # it counts its steps, and may keep its rate


def test_what_is_kept_of_two_dense_layers():
    """It is fullest while the slopes by what goes into the second layer are computed."""
    found = at(dense(), batch_size=2048)
    assert found.batch_size == 2048 and found.parts["batch"] == 2048 * (100 * 4 + 4)
    assert found.layers[0]["activations"] == 4 * 2048 * 64  # tanh(x), of which its slope is made; not x
    assert (
        found.parts["copies"] == 4 * 640
    )  # nobody asks for slopes by the inputs: the first kernel isn't copied
    assert found.parts["workspace"] == 4 * 2048 * (10 + 64)  # slopes by the second layer's outputs and inputs
    assert found.total_bytes == sum(found.parts.values()) == sum(found.as_json()["parts"].values())


def test_activations_grow_with_the_batch_and_weights_do_not():
    small, large = (at(dense("adamw"), batch_size=size).parts for size in (256, 512))
    assert large["activations"] == 2 * small["activations"]
    assert large["batch"] == 2 * small["batch"]
    assert all(large[part] == small[part] for part in ("parameters", "optimizer", "other"))


def test_clipping_by_the_common_norm_holds_all_gradients():
    layers = [{"name": "dense", "units": 300}] * 4 + [{"name": "dense", "units": 10}]
    alone = at(dense("sgd", layers))
    clipped = at(dense({"name": "sgd", "global_clipnorm": 1.0}, layers))
    assert clipped.all_gradients == alone.all_gradients == alone.parts["parameters"]
    assert clipped.parts["gradients"] + clipped.parts["workspace"] >= clipped.all_gradients
    assert alone.parts["gradients"] < alone.all_gradients


def test_reduced_precision_as_a_gpu_holds_it():
    whole = at(dense("adamw", batch=512)).parts
    mixed = at(dense("adamw", batch=512, precision="mixed_bfloat16")).parts
    assert mixed["parameters"] == whole["parameters"] and mixed["optimizer"] == whole["optimizer"]
    assert mixed["activations"] == whole["activations"] / 2 + 512 * 100 * 2  # and the inputs, in two bytes
    assert at(dense("adamw", precision="bfloat16")).parts["parameters"] == whole["parameters"] / 2


def test_inference_keeps_nothing_for_later():
    layers = [{"name": "dense", "units": 100, "activation": "tanh"}] * 8
    found = at(dense("adamw", layers), training=False)
    assert found.parts["optimizer"] == found.parts["gradients"] == found.parts["other"] == 0
    assert found.parts["activations"] <= 3 * 4 * 32 * 100  # of one layer, while the next is computed
    assert found.parts["batch"] == 32 * 100 * 4


def test_rematerialization_keeps_what_passes_between_its_stretches():
    """Of ten layers of one size the best is about three kept, and a stretch computed again."""
    layers = [{"name": "dense", "units": 200, "activation": "gelu"}] * 10 + [{"name": "dense", "units": 10}]
    whole, again = (at(dense("sgd", layers, batch=2048, remat=remat)) for remat in (False, True))
    one = 4 * 2048 * 200
    assert whole.parts["activations"] > 2 * 10 * one
    assert again.parts["activations"] <= 5 * one and again.total_bytes < whole.total_bytes / 2
    assert again.remat and not whole.remat


def test_recurrent_layers_keep_every_time_step():
    layers = [{"name": "gru", "units": 16}, {"name": "dense", "units": 10}]
    short, long = (at(dense("sgd", layers), (steps, 8)).parts["activations"] for steps in (5, 20))
    assert 3 < long / short < 5


def test_nothing_of_the_graph_is_left_behind():
    at(dense("adamw", [{"name": "dropout", "rate": 0.5}, {"name": "dense", "units": 10}]))
    assert keras.random.normal((2,)).numpy().shape == (2,)
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    assert model.train_on_batch(keras.random.normal((8, 4)), keras.ops.zeros((8, 1))) >= 0


def test_nothing_is_allocated():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    layers = [
        {"name": "dense", "units": 60_000},
        {"name": "dense", "units": 60_000},
        {"name": "dense", "units": 10},
    ]
    found = at(dense("adamw", layers))
    assert found.parts["parameters"] > 14e9 and found.parts["optimizer"] > 28e9
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 300e6


# Against XLA ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_within_a_tenth_of_what_xla_says(case):
    found = forecast(
        recipe_of(case),
        training=case.optimizer is not None,
        input_shape=case.shape,
        num_classes=CLASSES,
    )
    assert found.total_bytes == pytest.approx(held(GOLDEN[case.name]), rel=0.1)


LIVE = """\
import json, sys
sys.path[:0] = [ROOT + "/tests/golden", ROOT + "/benchmarks"]
from make_memory import measure
from memory_cases import Case, recipe_of
import kzoo
from kzoo.memory import forecast
for case in (Case("mlp", (20,), 64, "adamw"), Case("softmax_regression", (20,), 64)):
    found = forecast(recipe_of(case), training=bool(case.optimizer), input_shape=case.shape,
                     num_classes=10)
    print(json.dumps([measure(case), found.as_json()]))
"""


@pytest.mark.slow
def test_measured_now_and_forecast_from_a_process_on_jax():
    pytest.importorskip("jax")
    code = LIVE.replace("ROOT", repr(str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "jax"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    for line in done.stdout.strip().splitlines():
        measured, found = json.loads(line)
        assert found["total_bytes"] == pytest.approx(held(measured), rel=0.1)


# As a verb -----------------------------------------------------------------------------------------------------------


def test_the_verb(command_line):
    status, printed, _ = command_line("memory", "digits_quick", "--layers")
    assert status == 0 and "parameters" in printed and "optimizer" in printed and "█" in printed
    status, printed, _ = command_line("memory", "digits_quick", "--json", "data.batch_size=8")
    found = json.loads(printed)
    assert found["total_bytes"] == sum(found["parts"].values()) and found["batch_size"] == 8
    assert {"parameters", "gradients", "optimizer", "activations", "batch"} <= set(found["parts"])


def test_side_by_side(command_line):
    words = ("optimizer=adamw,sgd", "run.precision=float32,mixed_bfloat16")
    status, printed, _ = command_line("memory", "digits_quick", "--compare", *words, "--json")
    rows = json.loads(printed)
    assert status == 0 and [row["of"]["optimizer"] for row in rows] == ["adamw", "adamw", "sgd", "sgd"]
    assert rows[0]["parts"]["optimizer"] > 2 * rows[0]["parts"]["parameters"] > rows[2]["parts"]["optimizer"]
    assert command_line("memory", "digits_quick", "--compare")[0] == 2


def test_what_fits():
    forecasts = forecaster(dense("adamw"), True, (100,), 10)
    found = largest_batch(forecasts, 2_000_000)
    assert found.total_bytes <= 2_000_000 < forecasts.at(found.batch_size + 1).total_bytes
    with pytest.raises(KzooError, match="a batch of 1 takes"):
        largest_batch(forecasts, 50_000)


def test_optimizers_that_ask_for_their_own_values_and_heads_with_weights(command_line):
    groups = "compile.optimizer={name: adamw, groups: [{match: 'head/*', learning_rate: 1e-2}]}"
    for arguments in (
        ("digits_quick", groups),
        ("digits_quick", "compile.optimizer=sam"),
        ("digits_arc_face",),
    ):
        status, printed, errors = command_line("memory", *arguments, "--json")
        assert status == 0, errors
        assert json.loads(printed)["parts"]["gradients"] >= 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--fit", "much"), "expected a size, got 'much'"),
        (("--input-shape", "8,x"), "expected the shape of an input"),
        (("--compare", "optimizer="), "expected KEY=VALUE,VALUE"),
        (("compile.optimizer=lions",), "unknown optimizer 'lions'"),
    ],
)
def test_wrong_arguments(command_line, options, said):
    status, _, errors = command_line("memory", "digits_quick", *options)
    assert status == 2 and said in errors


def test_shapes_of_data_that_is_not_there():
    pytest.importorskip("tensorflow_datasets")
    recipe = kzoo.load_recipe("cifar10_resnet20", ["data.data_dir=/nowhere"])
    assert forecast(recipe).parts["batch"] == 128 * (32 * 32 * 3 * 4 + 4)
