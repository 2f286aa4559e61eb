# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "torchvision==0.28.0", "numpy"]
# ///
"""torchvision's ShuffleNets: `python tests/golden/make_zoo_shufflenet.py` from the project's folder."""

import torchvision

from tests.golden.zoo import filled, results, written


def stages(model, x):
    """The stem, and the groups of blocks."""
    features = [model.conv1(x)]
    x = model.maxpool(features[0])
    for stage in (model.stage2, model.stage3, model.stage4):
        x = stage(x)
        features.append(x)
    return features


golden = {}
for width in ("0_5", "1_0", "1_5", "2_0"):
    name = f"shufflenet_v2_x{width}"
    model = filled(getattr(torchvision.models, name)()).eval()
    only_odd = width != "1_0"
    golden |= results(name, model, stages, {}, (224, 224, 3), (97, 129, 3), only_odd=only_odd)
    golden[f"{name}.against"] = f"torchvision {torchvision.__version__.partition('+')[0]}"
written("zoo_shufflenet", golden)
