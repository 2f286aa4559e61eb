# /// script
# requires-python = ">=3.11"
# dependencies = ["kzoo[jax]", "jax==0.10.2"]
# ///
"""What XLA says a step holds: `python tests/golden/make_memory.py [NAME…]` writes memory.json beside itself.

The compiled step's `memory_analysis`, on the CPU, for the cases in benchmarks/memory_cases.py whose names contain the
words given; by default those that aren't in the file yet.
"""

import contextlib
import json
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import jax
import keras
from memory_cases import CASES, CLASSES, Case

import kzoo


def _remat(function):
    """`keras.remat`, but that what is no tensor, such as `training`, stays Python's."""

    def rematerialized(*inputs, **named):
        places = [index for index, each in enumerate(inputs) if isinstance(each, jax.Array)]

        def inner(*tensors):
            given = dict(zip(places, tensors))
            return function(*(given.get(index, each) for index, each in enumerate(inputs)), **named)

        return jax.checkpoint(inner)(*(inputs[index] for index in places))

    return rematerialized


def _keep_products(model):
    """Has the gradient compute all else of the forward pass again."""
    call = model.stateless_call

    def kept(primitive, *_, **__):
        return primitive.name in ("conv_general_dilated", "dot_general")

    def stateless_call(weights, others, *inputs, **options):
        if not options.get("training"):
            return call(weights, others, *inputs, **options)
        return jax.checkpoint(lambda *given: call(*given, **options), policy=kept)(weights, others, *inputs)

    model.stateless_call = stateless_call


keras.src.backend.core.remat = _remat
FILE = Path(__file__).with_name("memory.json")
PARTS = ("argument", "output", "temp", "alias")


def measure(case: Case) -> dict[str, int]:
    """Bytes of arguments, outputs, temporaries and of outputs that take the place of arguments."""
    keras.backend.clear_session()
    keras.config.set_dtype_policy(case.precision)
    with keras.RematScope("full") if case.remat == "full" else contextlib.nullcontext():
        model = kzoo.create_model(case.model, CLASSES, case.shape)
    if case.remat == "products":
        _keep_products(model)
    loss = kzoo.get("loss", "sparse_categorical_crossentropy", from_logits=True)
    model.compile(loss=loss, optimizer=kzoo.get("optimizer", case.optimizer or "sgd"), metrics=["accuracy"])
    batch = (
        jax.ShapeDtypeStruct((case.batch, *case.shape), "float32"),
        jax.ShapeDtypeStruct((case.batch,), "int32"),
    )
    weights = [model.trainable_variables, model.non_trainable_variables]
    if case.optimizer is None:
        lowered = jax.jit(lambda state, data: model.predict_step(state, data)[0]).lower(
            _shapes(weights), batch[:1]
        )
    else:
        model._symbolic_build(
            data_batch=tuple(keras.KerasTensor(each.shape, str(each.dtype)) for each in batch)
        )
        model.optimizer.build(model.trainable_variables)
        state = _shapes([*weights, model.optimizer.variables, model.metrics_variables])
        lowered = jax.jit(model.train_step, donate_argnums=0).lower(state, batch)
    stats = lowered.compile().memory_analysis()
    return {each: getattr(stats, f"{each}_size_in_bytes") for each in PARTS}


def _shapes(groups: list) -> tuple:
    return tuple([jax.ShapeDtypeStruct(tuple(each.shape), each.dtype) for each in group] for group in groups)


def main(words: list[str]) -> None:
    known = (
        json.loads(FILE.read_text()) if FILE.exists() else {"against": f"jax {jax.__version__}", "cases": {}}
    )
    for case in CASES:
        if any(word in case.name for word in words) or (not words and case.name not in known["cases"]):
            known["cases"][case.name] = measure(case)
            print(case.name, known["cases"][case.name], flush=True)
            FILE.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
