"""SOAP at full strength: small epsilons, kernels of more axes, and what mustn't matter about its bases."""

import keras
import numpy as np
import pytest
from keras import ops

from kzoo.optimizers import SOAP

from .golden import Golden, arrays
from .gradients import as_float64, distance, double_precision
from .walk import walk

GOLDEN = Golden("optimizers_soap")
DTYPES = [("float32", 1e-5), ("float64", 1e-9)]


@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES)
@pytest.mark.parametrize("case", GOLDEN.cases("soap_sharp"), ids=["defaults", "others"])
def test_small_epsilons(case, dtype, tolerance):
    with double_precision():
        walked = walk(SOAP(**case.arguments, decay_vectors=True), dtype)
    assert distance(walked, case.arrays[dtype]) <= tolerance


@pytest.mark.parametrize(("dtype", "tolerance"), DTYPES)
@pytest.mark.parametrize("case", GOLDEN.cases("axes"), ids=["all_axes", "two_of_three"])
def test_kernels_of_three_axes(case, dtype, tolerance):
    with double_precision():
        weight = keras.Variable(np.ones((3, 4, 5)), dtype=dtype)
        optimizer = SOAP(**case.arguments)
        for gradient in arrays("optimizers_soap")["axes.gradients"]:
            optimizer.apply([ops.convert_to_tensor(gradient.astype(dtype))], [weight])
        assert distance(as_float64(weight), case.arrays[dtype]) <= tolerance


def test_bases_are_orthogonal_and_their_signs_do_not_matter():
    gradients = np.float32(arrays("optimizers_soap")["axes.gradients"])
    ends = []
    for flipped in (False, True):
        weight = keras.Variable(np.ones((3, 4, 5), "float32"))
        optimizer = SOAP(0.02, frequency=3)
        for step, gradient in enumerate(gradients[:20]):
            optimizer.apply([ops.convert_to_tensor(gradient)], [weight])
            for basis in optimizer._slots[0][-3:]:
                assert distance(as_float64(basis).T @ as_float64(basis), np.eye(basis.shape[0])) <= 1e-5
                if flipped and step % 4 == 0:
                    basis.assign(as_float64(basis) * np.where(np.arange(basis.shape[0]) % 2, 1, -1))
        ends.append(as_float64(weight))
    assert distance(*ends) <= 1e-5
