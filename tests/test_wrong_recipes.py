"""Wrong recipes: each ends with status 2 and says where, what was expected and the nearest right word."""

import json
import re

import numpy as np
import pytest

RIGHT = """\
name: wrong
seed: 0
data:
  name: digits
  batch_size: 64
  validation: 10%
  augment: [{name: random_shift, pixels: 1}]
model:
  name: mlp
  hidden: [16]
  activation: relu
compile:
  loss: {name: sparse_categorical_crossentropy, from_logits: true}
  optimizer: {name: adamw, learning_rate: {name: warmup_cosine, peak: 2e-3, warmup: 5%}}
  metrics: [accuracy]
fit:
  epochs: 2
  callbacks: [{name: early_stopping, monitor: val_loss, patience: 5}]
run:
  precision: float32
"""
LOSS = "{name: sparse_categorical_crossentropy, from_logits: true}"
OPTIMIZER = "{name: adamw, learning_rate: {name: warmup_cosine, peak: 2e-3, warmup: 5%}}"
STOP = "[{name: early_stopping, monitor: val_loss, patience: 5}]"
MODEL = "  name: mlp\n  hidden: [16]\n  activation: relu\n"


def layers(*lines):
    return "  layers:\n" + "".join(f"    - {line}\n" for line in lines)


# What is replaced, by what, where the problem stands, and words of its message and hint.
WITHOUT_KERAS = [
    # names of parts
    ("name: adamw", "name: adamv", "14:21", "unknown optimizer 'adamv'", "adamw"),
    (LOSS, "smoth_l1", "13:9", "unknown loss 'smoth_l1'", "smooth_l1"),
    ("name: mlp", "name: mlpp", "9:9", "unknown model 'mlpp'", "mlp"),
    ("name: digits", "name: digit", "4:9", "unknown dataset 'digit'", "digits"),
    ("name: random_shift", "name: random_shfit", "7:20", "unknown augmentation", "random_shift"),
    ("[accuracy]", "[acuracy]", "15:13", "unknown metric 'acuracy'", "accuracy"),
    ("name: early_stopping", "name: early_stoping", "18:22", "unknown callback", "early_stopping"),
    ("name: warmup_cosine", "name: warmup_cosin", "14:50", "unknown schedule", "warmup_cosine"),
    ("activation: relu", "activation: reluu", "11:15", "unknown activation 'reluu'", "relu"),
    (LOSS, "adam", "13:9", "unknown loss 'adam'", "There is an optimizer 'adam'"),
    (LOSS, "acme/focal", "13:9", "unknown loss 'acme/focal'", "No plug-in 'acme' is installed"),
    (LOSS, "''", "13:9", "unknown loss", ""),
    (LOSS, "3", "13:9", "expected the name of a loss", "kzoo list loss"),
    (LOSS, "{from_logits: true}", "13:9", "expected the name of a loss, or a mapping with a name", ""),
    (LOSS, "{name: [a]}", "13:16", "expected the name of a loss, got a list", ""),
    # arguments of parts
    ("from_logits", "from_logit", "13:49", "unknown argument", "from_logits"),
    ("pixels: 1", "pixel: 1", "7:34", "unknown argument", "pixels"),
    ("patience", "patiance", "18:57", "unknown argument", "patience"),
    ("hidden: [16]", "hiden: [16]", "10:3", "unknown argument", "hidden"),
    ("peak", "peek", "14:65", "unknown argument", "peak"),
    ("pixels: 1", "pixels: one", "7:42", "pixels is to be an integer, got the text 'one'", ""),
    ("pixels: 1", "pixels: '1'", "7:42", "pixels is to be an integer", "Without quotes"),
    ("pixels: 1", "pixels: 1.5", "7:42", "pixels is to be an integer, got 1.5", ""),
    ("peak: 2e-3", "peak: high", "14:71", "peak is to be a number", ""),
    ("peak: 2e-3", "peak: '2e-3'", "14:71", "peak is to be a number", "Without quotes"),
    ("peak: 2e-3, ", "", "14:28", "needs 'peak'", ""),
    ("from_logits: true", "from_logits: maybe", "13:62", "from_logits is to be a boolean", ""),
    ("{name: warmup_cosine, peak: 2e-3, warmup: 5%}", "fast", "14:43", "unknown schedule 'fast'", ""),
    ("{name: warmup_cosine, peak: 2e-3, warmup: 5%}", "true", "14:43", "learning_rate is to be a number", ""),
    (
        "activation: relu",
        "activation: {name: swish, beta: 1.5}",
        "11:29",
        "unknown argument",
        "'kzoo/swish' takes it",
    ),
    (
        "activation: relu",
        "activation: {name: leaky_relu, negative_slop: 0.1}",
        "11:34",
        "unknown argument",
        "negative_slope",
    ),
    # sections and their keys
    ("batch_size: 64", "batchsize: 64", "5:3", "unknown argument", "batch_size"),
    ("epochs: 2", "epoch: 2", "17:3", "unknown key", "epochs"),
    ("metrics: [accuracy]", "metric: [accuracy]", "15:3", "unknown key", "metrics"),
    ("compile:", "compiled:", "12:1", "unknown key", "compile"),
    ("seed: 0", "sed: 0", "2:1", "unknown key", "seed"),
    ("precision: float32", "remat: sometimes", "20:10", "remat is to be a boolean", ""),
    ("precision: float32", "precision: float23", "20:14", "precision is to be", "float32"),
    ("run:\n", "run:\n  backend: tensorflaw\n", "20:12", "backend is to be", "tensorflow"),
    ("epochs: 2", "epochs: ten", "17:11", "epochs is to be an integer", ""),
    ("epochs: 2", "epochs: 0", "17:11", "epochs is to be at least 1", ""),
    ("epochs: 2", "epochs: 2.5", "17:11", "epochs is to be an integer, got 2.5", ""),
    ("batch_size: 64", "batch_size: -1", "5:15", "at least 1", ""),
    ("validation: 10%", "validation: lots", "6:15", "10%", ""),
    ("validation: 10%", "validation: 110%", "6:15", "share", ""),
    ("seed: 0", "seed: -1", "2:7", "at least 0", ""),
    ("name: wrong", "name: a/b", "1:7", "letters, digits", ""),
    ("model:\n" + MODEL, "", "1:1", "has no 'model'", ""),
    ("  loss: " + LOSS + "\n", "", "12:1", "compile has no 'loss'", ""),
    ("model:\n" + MODEL, "model: [16]\n", "8:8", "expected the name of a model", ""),
    ("fit:\n  epochs: 2\n  callbacks: " + STOP, "fit: 3", "16:6", "fit is to be a mapping", ""),
    (MODEL, "  layers: []\n", "9:11", "layers is to be a list of layers", ""),
    (MODEL, layers("{name: dens, units: 3}"), "10:14", "unknown layer 'dens'", "dense"),
    (MODEL, layers("{name: dense, unit: 3}"), "10:21", "unknown argument", "units"),
    (MODEL, layers("{name: lambda, function: print}"), "10:14", "a recipe can't name layer 'lambda'", ""),
    ("  validation: 10%\n", "", "17:47", "'val_loss' needs validation data", "data.validation"),
    # YAML itself
    ("seed: 0", "seed: 0\nseed: 1", "3:1", "'seed' is given twice", ""),
    ("  batch_size: 64", "\tbatch_size: 64", "5:1", "a tab where YAML wants spaces", "spaces"),
    ("seed: 0", "seed: [0", None, "", ""),
    ("seed: 0", "seed: !!python/object/apply:os.system ['true']", "2:7", "plain data", ""),
    ("seed: 0", "seed: 0\n1: 2", "3:1", "a key is to be a word", ""),
    ("seed: 0", "seed: *nothing", "2:7", "undefined alias", ""),
    ("seed: 0", "seed: 0\n---\nname: second", None, "", ""),
    (RIGHT, "", "1:1", "a recipe is a mapping", ""),
    (RIGHT, "- 1\n", "1:1", "a recipe is a mapping", ""),
    ("name: wrong", "name: wrong\nextends: nowhere.yaml", "2:10", "no such recipe", ""),
    ("name: wrong", "name: wrong\nextends: 3", "2:10", "extends is to be a path", ""),
]
WITH_KERAS = [
    (LOSS, "{name: categorical_crossentropy, from_logits: true}", "13:9", "shape (batch, 10)", "sparse_categorical"),
    (LOSS, "mse", "13:9", "shape (batch, 10)", "one_hot"),
    (LOSS, "sparse_categorical_crossentropy", "13:9", "the loss expects probabilities", "from_logits: true"),
    (MODEL, layers("flatten", "{name: dense, units: 10, activation: softmax}"), "13:62", "ends with softmax", "Drop"),
    (MODEL, layers("flatten", "{name: dense, units: 7}"), "11:7", "7 outputs, the data 10 classes", "as many units"),
    (MODEL, layers("flatten", "{name: dense, units: many}"), "11:28", "units", ""),
    (MODEL, layers("{name: conv2d, filters: 4, kernel_size: 9}", "flatten"), "10:7", "", ""),
    ("monitor: val_loss", "monitor: val_acuracy", "18:47", "nothing called 'val_acuracy'", "val_accuracy"),
    ("monitor: val_loss", "monitor: acc", "18:47", "nothing called 'acc'", "accuracy"),
    ("name: digits", "name: npz\n  path: missing.npz", "4:3", "missing.npz", ""),
    ("name: digits", "name: image_folder\n  path: nowhere", "4:3", "nowhere", ""),
    ("pixels: 1", "pixels: -3", "7:42", "pixels", ""),
    ("validation: 10%", "validation: 5000", "4:3", "", ""),
    ("batch_size: 64", "batch_size: 5000\n  drop_remainder: true", "5:15", "no batch of 5000", "Take a batch_size of"),
    ("  batch_size: 64", "  one_hot: true", "5:12", "wants class numbers", "Leave one_hot out"),
    ("hidden: [16]", "hidden: [none]", "9:3", "`units`", ""),
]  # fmt: skip


def named(case):
    return re.sub(r"\W+", "_", f"{case[1]}-{case[3]}")[:60]


@pytest.mark.parametrize("case", WITHOUT_KERAS, ids=named)
def test_seen_without_keras(command_line, tmp_path, case):
    check(command_line, tmp_path, case, "--quick")


@pytest.mark.parametrize("case", WITH_KERAS, ids=named)
def test_seen_by_building(command_line, tmp_path, case):
    check(command_line, tmp_path, case)


def check(command_line, tmp_path, case, *options):
    old, new, where, message, hint = case
    assert old in RIGHT
    (tmp_path / "wrong.yaml").write_text(RIGHT.replace(old, new))
    status, _, said = command_line("check", "wrong.yaml", *options)
    assert status == 2
    first = said.splitlines()[0]
    assert re.match(r"(.*/)?\w+\.yaml:\d+:\d+: .", first), said
    assert where is None or f"wrong.yaml:{where}: " in said, said
    assert message in said and hint in said, said


def test_the_right_one_is_right(command_line, tmp_path):
    (tmp_path / "wrong.yaml").write_text(RIGHT)
    status, printed, _ = command_line("check", "wrong.yaml")
    assert status == 0 and printed.endswith("fine\n")


def test_there_are_enough():
    assert len(WITHOUT_KERAS) + len(WITH_KERAS) >= 60


def test_all_problems_in_one_pass_sorted_and_counted(command_line, tmp_path):
    text = RIGHT.replace("adamw", "adamv").replace("epochs: 2", "epochs: ten").replace("pixels", "pixel")
    (tmp_path / "wrong.yaml").write_text(text)
    _, _, said = command_line("check", "wrong.yaml")
    places = re.findall(r"^wrong\.yaml:(\d+):", said, re.M)
    assert places == ["7", "14", "17"] and said.endswith("3 problems\n")


def test_json_says_the_same_to_a_program(command_line, tmp_path):
    (tmp_path / "wrong.yaml").write_text(RIGHT.replace("adamw", "adamv"))
    status, printed, _ = command_line("check", "wrong.yaml", "--json")
    (problem,) = json.loads(printed)["problems"]
    assert status == 2 and (problem["file"], problem["line"], problem["column"]) == ("wrong.yaml", 14, 21)
    assert problem["message"] == "unknown optimizer 'adamv'" and "adamw" in problem["hint"]


@pytest.mark.parametrize(
    ("override", "column", "message", "hint"),
    [
        ("compile.optimzer=lion", 9, "unknown key", "optimizer"),
        ("compile.optimizer=lyon", 19, "unknown optimizer 'lyon'", "lion"),
        ("fit.epochs=many", 12, "epochs is to be an integer", ""),
        ("fit.epochs", 1, "KEY=VALUE", "fit.epochs=2"),
        ("compile.metrics[3]=mae", 17, "expected a place in the list", ""),
        ("compile.optimizer.learning_rat=1", 19, "unknown argument", "learning_rate"),
        ("data.augment[0].pixels=[1", None, "", ""),
    ],
)
def test_overrides_are_pointed_into(command_line, tmp_path, override, column, message, hint):
    (tmp_path / "wrong.yaml").write_text(RIGHT)
    status, _, said = command_line("check", "wrong.yaml", override)
    assert status == 2 and message in said and hint in said
    assert column is None or said.startswith(f"<command line>:1:{column}: "), said
    assert f"    {override}\n" in said


# Files that aren't recipes, and hostile ones ----------------------------------------------------------------------


def test_a_missing_recipe_offers_the_nearest_shipped_one(command_line):
    status, _, said = command_line("train", "mnist_cn")
    assert status == 2 and "mnist_cnn" in said


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a: \x00", bytes(range(256))])
def test_binary_files_are_refused(command_line, tmp_path, content):
    (tmp_path / "binary.yaml").write_bytes(content)
    assert command_line("check", "binary.yaml")[0] == 2


def test_a_huge_file_is_not_even_read(command_line, tmp_path):
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(100_000_000)
    status, _, said = command_line("check", "huge.yaml")
    assert status == 2 and "at most 1,000,000 bytes" in said


def test_an_alias_bomb_does_not_go_off(command_line, tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    (tmp_path / "bomb.yaml").write_text("\n".join(lines))
    status, _, said = command_line("check", "bomb.yaml")
    assert status == 2 and "aliases expanded" in said


def test_a_deep_and_a_long_file_are_refused(command_line, tmp_path):
    (tmp_path / "deep.yaml").write_text("a: " + "[" * 5000 + "]" * 5000)
    assert "100 levels deep" in command_line("check", "deep.yaml")[2]
    (tmp_path / "long.yaml").write_text("a: [" + "1, " * 300_000 + "1]")
    assert "10,000 values" in command_line("check", "long.yaml")[2]


@pytest.mark.parametrize(
    "layer",
    [
        "{name: lambda, function: 'print(1)'}",
        "{name: tfsm_layer, filepath: /etc}",
        "{name: string_lookup, vocabulary: /etc/passwd}",
        "{name: jax_layer, call_fn: x}",
        "{name: time_distributed, layer: {name: lambda, function: x}}",
        "{name: dense, units: 3, quantization_config: {class_name: Lambda, config: {function: x}}}",
        "{name: dense, units: 3, kernel_initializer: {class_name: 'kzoo>X', module: os, config: {}}}",
    ],
)
def test_a_recipe_opens_and_runs_nothing(command_line, tmp_path, layer):
    (tmp_path / "wrong.yaml").write_text(RIGHT.replace(MODEL, layers(layer)))
    status, _, said = command_line("check", "wrong.yaml", "--quick")
    assert status == 2 and ("can't name" in said or "can't describe objects" in said)


# Data faults are recipe problems, at the data section -----------------------------------------------------------------


def data_fault(command_line, tmp_path, data):
    (tmp_path / "wrong.yaml").write_text(RIGHT.replace("name: digits", data))
    status, _, said = command_line("train", "wrong.yaml")
    assert status == 2 and re.match(r"wrong\.yaml:[34]:\d+: ", said), said
    assert not (tmp_path / "runs").exists()
    return said


def test_a_folder_with_a_broken_picture(command_line, tmp_path):
    for kind in ("cat", "dog"):
        (tmp_path / "pictures" / kind).mkdir(parents=True)
    (tmp_path / "pictures" / "cat" / "one.png").write_bytes(b"not a picture")
    (tmp_path / "pictures" / "dog" / "two.png").write_bytes(b"")
    said = data_fault(command_line, tmp_path, "name: image_folder\n  path: pictures")
    assert "one.png" in said and "two.png" in said


def test_a_class_folder_with_nothing_in_it(command_line, tmp_path):
    (tmp_path / "pictures" / "cat").mkdir(parents=True)
    (tmp_path / "pictures" / "dog").mkdir(parents=True)
    assert "cat" in data_fault(command_line, tmp_path, "name: image_folder\n  path: pictures")


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"x": np.zeros((4, 2))},
        {"x": np.zeros((4, 2)), "y": np.zeros(3, int)},
        {"x": np.zeros((0, 2)), "y": np.zeros(0, int)},
        {"x": np.full((4, 2), np.nan), "y": np.zeros(4, int)},
        {"x": np.zeros((4, 2)), "y": np.array([0, 1, -1, 2])},
    ],
    ids=["nothing", "no y", "lengths differ", "empty", "NaN", "negative class"],
)
def test_arrays_that_are_no_data(command_line, tmp_path, arrays):
    np.savez(tmp_path / "data.npz", **arrays)
    data_fault(command_line, tmp_path, "name: npz\n  path: data.npz")


def test_a_file_that_is_no_npz(command_line, tmp_path):
    (tmp_path / "data.npz").write_bytes(b"PK but not really")
    data_fault(command_line, tmp_path, "name: npz\n  path: data.npz")
