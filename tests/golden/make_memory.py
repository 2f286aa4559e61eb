# /// script
# requires-python = ">=3.11"
# dependencies = ["kzoo[jax]", "jax==0.10.2"]
# ///
"""What XLA says a step holds: `python tests/golden/make_memory.py [NAME…]` writes memory.json beside itself.

The compiled step's `memory_analysis`, on the CPU, for the cases in benchmarks/memory_cases.py whose names contain the
words given; by default those that aren't in the file yet.
"""

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

FILE = Path(__file__).with_name("memory.json")
PARTS = ("argument", "output", "temp", "alias")


def measure(case: Case) -> dict[str, int]:
    """Bytes of arguments, outputs, temporaries and of outputs that take the place of arguments."""
    keras.backend.clear_session()
    keras.config.set_dtype_policy(case.precision)
    model = kzoo.create_model(case.model, CLASSES, case.shape, remat=case.remat)
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
