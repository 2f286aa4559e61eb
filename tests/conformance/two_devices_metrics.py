"""Measures every metric in one pass and in a model on two devices (`tf.distribute.MirroredStrategy`); prints both.

It is a program and not a test: TensorFlow splits a processor into devices only before it has done anything.
"""

import json

import tensorflow as tf

from conformance.metric_model import in_a_model, in_one_pass
from conformance.own_parts import make, own_cards
from conformance.references import REFERENCES
from conformance.references.metrics import METRIC_INPUTS


def main():
    processor = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
    cards = [card for card in own_cards("metric") if METRIC_INPUTS[card.name].in_models]
    cases = {card.name: REFERENCES["metric"][card.name].cases(card.name)[-1] for card in cards}
    makers = {
        card.name: lambda card=card: make(card, cases[card.name].arguments, name="measured") for card in cards
    }
    alone = in_one_pass(makers, cases)
    with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
        (fitted,) = in_a_model(makers, cases, evaluate=False)
    print(json.dumps({name: [each[name].tolist() for each in (alone, fitted)] for name in cases}))


if __name__ == "__main__":
    main()
