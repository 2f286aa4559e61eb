# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "torchvision==0.28.0", "timm==1.0.31", "numpy"]
# ///
"""GoogLeNet and Inception-v3: `python tests/golden/make_zoo_inception.py` from the project's folder."""

import torchvision

from tests.golden.zoo import filled, of_timm, results, written


def stages(model, x):
    """What there is before each pooling, and at the end."""
    features = [model.conv1(x)]
    features.append(model.conv3(model.conv2(model.maxpool1(features[0]))))
    features.append(model.inception3b(model.inception3a(model.maxpool2(features[1]))))
    x = model.maxpool3(features[2])
    for letter in "abcde":
        x = getattr(model, f"inception4{letter}")(x)
    return [*features, x, model.inception5b(model.inception5a(model.maxpool4(x)))]


model = filled(torchvision.models.googlenet(aux_logits=False, dropout=0.0, init_weights=False)).eval()
golden = results("googlenet", model, stages, {"drop_rate": 0}, (224, 224, 3), (97, 129, 3))
golden["googlenet.against"] = f"torchvision {torchvision.__version__.partition('+')[0]}"
written("zoo_inception", golden, of_timm("inception_v3", odd=(171, 203)))
