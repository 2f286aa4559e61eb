"""What a recipe costs over a hand-written Keras script that does the same work.

    python benchmarks/no_toll.py

Both sides train mnist_cnn in a process of their own, in turn, with the same data, augmentation, batch size, optimizer
and epochs; the script keeps history, TensorBoard logs and a checkpoint an epoch with Keras's own callbacks. Measured
are steps per second over all epochs but the first. Wanted: ratio at least 0.98.
"""

from __future__ import annotations

import csv
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from sides import compare

EPOCHS = 8


def by_recipe(folder: Path) -> float:
    import kzoo

    overrides = [
        f"fit.epochs={EPOCHS}",
        "fit.callbacks=[]",
        "compile.optimizer={name: adamw, learning_rate: 1e-3}",
    ]
    run = kzoo.train(kzoo.load_recipe("mnist_cnn", overrides), runs=folder, verbose=False)
    with (run.path / "history.csv").open() as file:
        return statistics.median(57 / float(row["seconds"]) for row in list(csv.DictReader(file))[1:])


def by_hand(folder: Path) -> float:
    import time

    import keras
    import tensorflow as tf

    from kzoo.data.mnist_5k import mnist_5k
    from kzoo.data.splits import split_off

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.began = time.monotonic()

        def on_epoch_end(self, epoch, logs=None):
            rates.append(57 / (time.monotonic() - self.began))

    def shift(images, labels):
        images = tf.cast(images, tf.float32)
        count = tf.shape(images)[0]
        padded = tf.pad(images, [[0, 0], [2, 2], [2, 2], [0, 0]])
        boxes = tf.random.uniform((count, 2), 0, 5, tf.int32)
        rows = boxes[:, :1] + tf.range(28)[None]
        columns = boxes[:, 1:] + tf.range(28)[None]
        images = tf.gather(tf.gather(padded, rows, axis=1, batch_dims=1), columns, axis=2, batch_dims=1)
        return images / 255, labels

    keras.utils.set_random_seed(0)
    source = split_off(mnist_5k(), validation="10%")
    train, validation = source.train.arrays, source.validation.arrays
    data = tf.data.Dataset.from_tensor_slices(train).cache().shuffle(len(train[0])).batch(64)
    data = data.map(shift, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
    watched = tf.data.Dataset.from_tensor_slices(
        (validation[0].astype("float32") / 255, validation[1])
    ).batch(64)
    model = keras.Sequential(
        [
            keras.layers.Input((28, 28, 1)),
            keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(32, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss, optimizer=keras.optimizers.AdamW(1e-3), metrics=["accuracy"])
    rates: list[float] = []
    callbacks = [
        keras.callbacks.CSVLogger(str(folder / "log.csv")),
        keras.callbacks.TensorBoard(str(folder / "tensorboard"), write_graph=False),
        keras.callbacks.BackupAndRestore(str(folder / "backup")),
        Clock(),
    ]
    model.fit(data, epochs=EPOCHS, validation_data=watched.cache(), callbacks=callbacks, verbose=0)
    return statistics.median(rates[1:])


def measured(side: str) -> float:
    done = subprocess.run([sys.executable, __file__, side], check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if len(sys.argv) > 1:
        with tempfile.TemporaryDirectory() as folder:
            print({"recipe": by_recipe, "hand": by_hand}[sys.argv[1]](Path(folder)))
    else:
        compare("steps a second, recipe / by hand", lambda: measured("recipe"), lambda: measured("hand"))
