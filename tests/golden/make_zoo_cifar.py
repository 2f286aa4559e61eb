# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "pytorchcv==0.0.74", "numpy"]
# ///
"""Networks for small pictures of pytorchcv: `python tests/golden/make_zoo_cifar.py` from the project's folder.

Its networks take the mean of exactly 8×8 places at the end; here of all, so that other sizes go through.
"""

from importlib.metadata import version

import numpy as np
from pytorchcv.models.densenet_cifar import get_densenet_cifar
from pytorchcv.models.nin_cifar import get_nin_cifar
from pytorchcv.models.preresnet_cifar import get_preresnet_cifar
from pytorchcv.models.resnet_cifar import get_resnet_cifar
from pytorchcv.models.wrn_cifar import get_wrn_cifar
from torch import nn

from tests.golden.zoo import filled, results, written


def stages(model, x):
    """What each stage gives, without the head."""
    for name, part in model.features.named_children():
        x = part(x)
        if name.startswith("stage"):
            yield x


def of_pytorchcv(name, make, only_odd=False, arguments=None, **sizes):
    model = make(num_classes=10, **sizes)
    last = model.features if hasattr(model.features, "final_pool") else model.output
    last.final_pool = nn.AdaptiveAvgPool2d(1)
    for part in model.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    golden = results(
        name, filled(model).eval(), stages, arguments or {}, (32, 32, 3), (37, 26, 3), only_odd=only_odd
    )
    golden[f"{name}.against"] = f"pytorchcv {version('pytorchcv')}"
    shown = next(value for key, value in golden.items() if key.endswith(".value"))
    count = next(value for key, value in golden.items() if key.endswith(".parameters"))
    print(name, count, "largest logit", np.abs(shown).max())
    return golden


def resnet(depth, only_odd=True, bottleneck=False, name="resnet{}"):
    return of_pytorchcv(name.format(depth), get_resnet_cifar, only_odd, blocks=depth, bottleneck=bottleneck)


def preresnet(depth, only_odd=True, bottleneck=False, name="preresnet{}"):
    return of_pytorchcv(
        name.format(depth), get_preresnet_cifar, only_odd, blocks=depth, bottleneck=bottleneck
    )


def wide(depth, widen, only_odd=False):
    return of_pytorchcv(f"wrn{depth}_{widen}", get_wrn_cifar, only_odd, blocks=depth, width_factor=widen)


def dense(depth, growth, only_odd=False, bottleneck=False):
    name = f"densenet{depth}_k{growth}" + "_bc" * bottleneck
    sizes = {"blocks": depth, "growth_rate": growth, "bottleneck": bottleneck}
    return of_pytorchcv(name, get_densenet_cifar, only_odd, **sizes)


written(
    "zoo_cifar",
    resnet(20, only_odd=False),
    *(resnet(depth) for depth in (32, 44, 56, 110)),
    resnet(164, bottleneck=True, name="resnet{}bn"),
    *(preresnet(depth) for depth in (20, 110)),
    preresnet(164, only_odd=False, bottleneck=True, name="preresnet{}bn"),
    wide(16, 4),
    wide(40, 4, only_odd=True),
    wide(28, 10),
    dense(40, 12, only_odd=True),
    dense(100, 12),
    dense(100, 12, bottleneck=True),
    of_pytorchcv("nin", get_nin_cifar, arguments={"drop_rate": 0.0}),
)
