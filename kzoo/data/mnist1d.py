"""Ten digits as lines of 40 numbers, made by a program: MNIST for networks that are trained in seconds."""

from __future__ import annotations

import numpy as np

from kzoo.data.source import Source, Split, fingerprint_arrays

# The digits as the pen's sideways place in twelve steps downwards, from the paper's authors.
_DIGITS = (
    (5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5),
    (5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5),
    (5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5),
    (5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5),
    (5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5),
    (5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5),
    (5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5),
    (5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5),
    (5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5),
)
_SEED = 42
_EACH, _TRAIN = 500, 4_000
_LEAST_ZEROS, _MOST_ZEROS, _SHIFTS = 36, 60, 48
_DRAWN, _LENGTH = 12 + _MOST_ZEROS, 40  # places while a signal is made, and at last
_STRETCH, _LEAN, _WAVES, _NOISE = 0.4, 0.75, 0.25, 0.02


def mnist1d() -> Source:
    """MNIST-1D: 5,000 signals of 40 numbers, each one of ten digits somewhere on a noisy line.

    A digit is a curve of twelve points. It is lengthened with zeros, stretched, made higher or lower, shifted, put on
    correlated noise, given some white noise, and tilted. What MNIST can't tell apart this can: the paper has logistic
    regression at 32 %, a perceptron at 68 %, a GRU at 91 %, a convolutional network at 94 % and people at 96 %.

    The signals are those that version 0.0.2 of the authors' package makes with its own settings and seed, in the same
    order: 4,000 to train, 1,000 to test. float32 of shape (40, 1), mean 0 and standard deviation 1 over all.

    Returns:
        The data.

    The paper: Greydanus and Kobak 2020, Scaling Down Deep Learning with MNIST-1D, arXiv:2011.14439.

    What differs from `mnist1d.data.make_dataset`: signals have an axis for their one channel, as convolutions along
    them want; nothing needs be installed, and NumPy's global random state stays as it is.

    >>> from kzoo.data.mnist1d import mnist1d
    >>> source = mnist1d()
    >>> source.train.count, source.test.count, source.input_shape, source.num_classes
    (4000, 1000, (40, 1), 10)
    """
    random = np.random.RandomState(_SEED)  # NumPy promises that its numbers stay what they are
    signals = np.stack([_signal(curve, random) for curve in _curves() for _ in range(_EACH)])
    labels = np.repeat(np.arange(10), _EACH)
    order = random.permutation(len(labels))
    signals = (signals - signals.mean()) / signals.std()
    x, y = signals[order, :, None].astype(np.float32), labels[order]
    return Source(
        train=Split.of_arrays(x[:_TRAIN], y[:_TRAIN]),
        test=Split.of_arrays(x[_TRAIN:], y[_TRAIN:]),
        input_shape=(_LENGTH, 1),
        input_dtype="float32",
        num_classes=10,
        class_names=tuple("0123456789"),
        fingerprint=fingerprint_arrays(x, y),
    )


def _curves() -> np.ndarray:
    """The digits, each with the same spread, from 0 to 0."""
    curves = np.array(_DIGITS)
    curves = curves - curves.mean(axis=1, keepdims=True)
    curves = curves / curves.std(axis=1, keepdims=True)
    return (curves - curves[:, :1]) / 6


def _signal(curve: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """One example of a digit. The order of the draws is the package's; another order is another dataset."""
    zeros = _LEAST_ZEROS + int(random.rand() * (_MOST_ZEROS - _LEAST_ZEROS + 1))
    # What is exactly 0 is no part of the digit and becomes noise.
    signal = _resampled(np.concatenate([curve + 1e-8, np.zeros(zeros)]), _DRAWN)
    signal = signal * (1 + _STRETCH * (random.rand() - 0.5))
    signal = np.roll(signal, random.randint(_SHIFTS))
    waves = _smooth(_WAVES * random.randn(_DRAWN))
    signal = np.where(signal == 0, waves, signal) + _NOISE * random.randn(_DRAWN)
    lean = _LEAN * (random.rand() - 0.5)
    return _resampled(signal - lean * np.linspace(-0.5, 0.5, _DRAWN), _LENGTH)


def _resampled(signal: np.ndarray, length: int) -> np.ndarray:
    """The signal at another number of places, linear in between."""
    return np.interp(np.linspace(0, 1, length), np.linspace(0, 1, len(signal)), signal)


def _smooth(noise: np.ndarray) -> np.ndarray:
    """Noise through a Gaussian window with a standard deviation of 2 places, mirrored at the ends."""
    window = np.exp(-(np.arange(-8, 9) ** 2) / 8)
    return np.convolve(np.pad(noise, 8, mode="symmetric"), window / window.sum(), mode="valid")
