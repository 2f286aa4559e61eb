"""Trains with each optimizer on one device and on two (`tf.distribute.MirroredStrategy`); prints how far they differ.

It is a program and not a test: TensorFlow splits a processor into devices only before it has done anything.
"""

import json
import sys

import keras
import numpy as np
import tensorflow as tf

from kzoo.registry import catalogue


def trained(name, arguments, strategy):
    """The weights after a few epochs."""
    with strategy.scope():
        model = keras.Sequential(
            [keras.Input((6,)), keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(1)]
        )
        generator = np.random.default_rng(0)
        model.set_weights([generator.normal(scale=0.3, size=weight.shape) for weight in model.weights])
        model.compile(catalogue().find("optimizer", name).load()(**arguments), "mse")
    inputs, targets = generator.normal(size=(64, 6)), generator.normal(size=(64, 1))
    model.fit(inputs, targets, batch_size=16, epochs=4, shuffle=False, verbose=0)
    return np.concatenate([weight.ravel() for weight in model.get_weights()])


def main():
    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
    one, two = tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    differences = {
        name: float(np.abs(trained(name, arguments, one) - trained(name, arguments, two)).max())
        for name, arguments in json.loads(sys.argv[1]).items()
    }
    print(json.dumps(differences))


if __name__ == "__main__":
    main()
