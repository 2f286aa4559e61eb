"""Embeddings from a recipe: an encoder, a head with weights or a loss, and what is near what."""

import jsonschema
import numpy as np
import pytest
from PIL import Image

import kzoo
from kzoo.build.dry_run import dry_run
from kzoo.build.experiment import build
from kzoo.problems import KzooError
from kzoo.recipe.schema import recipe_schema
from kzoo.runs.checkpoint import Checkpoints
from kzoo.training.predict import predict

LAYERS = "{layers: [{name: conv2d, filters: 4, kernel_size: 3, activation: quick_gelu}, flatten]}"
QUICK = ("fit.epochs=2", "run.tensorboard=false", "compile.optimizer=adam")
ENCODER = "model.encoder={name: mlp, hidden: [16]}"


def _recipe(*overrides):
    return kzoo.load_recipe("digits_arc_face", [*QUICK, *overrides])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    recipe = kzoo.load_recipe("digits_arc_face", ["fit.epochs=6", "run.tensorboard=false", ENCODER])
    return kzoo.train(recipe, runs=folder, verbose=False)


def test_it_learns_what_belongs_together(run):
    assert run.results["test"]["recall_at_k"] > 0.9
    assert run.results["parameters"] == 64 * 16 + 16 + 16 * 16 + 16 + 10 * 16
    assert run.model.predict(np.zeros((3, 8, 8, 1)), verbose=0).shape == (3, 16)


def test_the_run_loads_and_goes_on_embedding(run):
    loaded = kzoo.load_run(run.path).model
    pictures = np.random.default_rng(0).uniform(size=(3, 8, 8, 1)).astype("float32")
    assert (loaded.predict(pictures, verbose=0) == run.model.predict(pictures, verbose=0)).all()
    assert (np.asarray(loaded.head.centres) == np.asarray(run.model.head.centres)).all()


def test_a_checkpoint_holds_the_head_too(run):
    tensors, _ = Checkpoints(run.path / "checkpoints").newest()
    centres = np.asarray(run.model.head.centres)
    assert any(each.shape == centres.shape and (each == centres).all() for each in tensors.values())


def test_predict_asks_the_head_for_the_class(run, tmp_path):
    from kzoo.data.digits import digits

    x, y = digits().test.arrays
    files = [tmp_path / f"{index}.png" for index in range(12)]
    for picture, file in zip(x[..., 0], files):
        Image.fromarray((picture * (255 / 16)).round().astype("uint8")).save(file)
    answers = predict(run, files, top=10)
    assert sum(each["classes"][0]["class"] == str(label) for each, label in zip(answers, y)) >= 10
    assert sum(each["probability"] for each in answers[0]["classes"]) == pytest.approx(1, abs=1e-5)


def test_predict_refuses_embeddings_without_a_head(tmp_path):
    recipe = _recipe(ENCODER, "fit.epochs=1", "model.head=null", "compile.loss=sup_con")
    run = kzoo.train(recipe, runs=tmp_path, verbose=False)
    Image.fromarray(np.zeros((8, 8), "uint8")).save(tmp_path / "a.png")
    with pytest.raises(KzooError, match="16 outputs, not one for each of 10 classes"):
        predict(run, [tmp_path / "a.png"])


@pytest.mark.parametrize(
    "overrides",
    [
        (
            ENCODER,
            "model.head={name: curricular_face, centres_initializer: {name: random_normal, stddev: 0.1}}",
        ),
        (f"model.encoder={LAYERS}", "model.head=proxy_anchor", "data.one_hot=true"),
        ("model.encoder=mlp", "model.dim=0", "compile.loss={name: triplet_hard, normalize: true}"),
        (ENCODER, "model.head=null", "compile.loss=triplet_semi_hard", "model.normalize=true"),
        ("model=mlp", "model.num_classes=12", "compile.loss=n_pairs"),
    ],
)
def test_a_recipe_can_say_this(overrides):
    experiment = build(_recipe(*overrides))
    dry_run(experiment)
    assert "recall_at_k" in experiment.model.get_metrics_result()


@pytest.mark.parametrize(
    ("overrides", "match"),
    [
        (("model.head=null",), "compile has no 'loss', and the model has no head"),
        (("model={name: mlp, num_classes: 16}",), "compile has no 'loss'"),
        (("model.encoder=null",), "encoder"),
        (("model.head={name: arc_face, classes: 10}",), "unknown argument 'classes'|'classes'"),
        (("model.encoder={name: lenet6}",), "unknown model 'lenet6'"),
        (("model.encoder={layers: []}",), "a list of layers"),
        (("model.encoder={layers: [{name: conv2d, filters: 2, kernel_size: 3}]}",), "must have one output"),
        (("model.encoder=softmax_regression",), "num_classes"),
        (("model.head={name: arc_face, num_classes: 9}",), "for 10 classes"),
        (("compile.loss={name: triplet_semi_hard, distance: L2}",), "distance"),
        (("compile.metrics=[{name: recall_at_k, dim: 4}]",), "embeddings"),
    ],
)
def test_what_does_not_fit_is_said(overrides, match):
    with pytest.raises(KzooError, match=match):
        dry_run(build(_recipe(*overrides)))


def test_the_schema_knows_encoders_and_heads():
    schema = recipe_schema()
    model = {"$defs": schema["$defs"], **schema["properties"]["model"]}
    validator = jsonschema.Draft202012Validator(model)
    head = {"name": "arc_face", "margin": 9}
    right = {"name": "metric_learner", "encoder": {"layers": ["flatten"]}, "head": head}
    assert validator.is_valid(right)
    for wrong in ({"encoder": {"layers": []}}, {"head": head | {"marginn": 9}}, {"heads": "arc_face"}):
        assert not validator.is_valid(right | wrong)
