"""What other libraries' models compute, for the scripts make_zoo_*.py: weights made of names, pictures of a seed."""

import json
from pathlib import Path

import numpy as np
import torch

from tests.conformance.named_weights import pictures, sample, value

torch.set_grad_enabled(False)


def filled(model):
    """The model in float64, with a value made of its name in every weight."""
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point() and not getattr(tensor, "constant", False):
                tensor.copy_(torch.from_numpy(np.asarray(value(name, tuple(tensor.shape)))))
    return model.double()


def inputs(shape):
    return torch.from_numpy(pictures(shape).transpose(0, 3, 1, 2).copy()).double()


def results(name, model, features, arguments, native, odd, odd_model=None, only_odd=False):
    """The golden arrays of one model.

    Args:
        name: Its name in the catalogue.
        model: The reference, `filled` and in inference mode.
        features: What gives the features of its stages, channels first, from a model and inputs; None for none.
        arguments: What the model in the catalogue is called with beside the shape.
        native: Its input shape, height × width × channels.
        odd: Another one.
        odd_model: The reference for that, where it is another model.
        only_odd: Whether that is all: for a relative whose code other models show to be right.
    """
    golden = {}
    other = odd_model or model
    for case, (shape, reference, training) in enumerate(
        ((native, model, False), (odd, other, False), (odd, other, True))
    ):
        if only_odd and case != 1:
            continue
        reference.train(training)
        state = {key: tensor.clone() for key, tensor in reference.state_dict().items()}
        logits = reference(inputs(shape))
        logits = logits[0] if isinstance(logits, tuple) else logits
        reference.load_state_dict(state)
        key = f"{name}.{case}"
        golden[f"{key}.arguments"] = json.dumps({"input_shape": list(shape), **arguments})
        golden[f"{key}.training"] = int(training)
        golden[f"{key}.parameters"] = sum(each.numel() for each in reference.parameters())
        golden[f"{key}.value"] = np.float32(sample(logits.numpy(), name))
        if features is not None and not training:
            for stage, feature in enumerate(features(reference, inputs(shape))):
                last = feature.permute(0, 2, 3, 1).numpy()
                golden[f"{key}.stage.{stage}"] = np.float32(sample(last, f"{name}.{stage}"))
                golden[f"{key}.shape.{stage}"] = last.shape
        reference.eval()
    return golden


def of_timm(name, odd, features=True, arguments=None, odd_arguments=None, only_odd=False, **more):
    """The golden arrays of a model of timm.

    Args:
        name: Its name, there and in the catalogue.
        odd: Height and width of another size than its own.
        features: Whether features are compared; or the indices of the stages, or how many of the last.
        arguments: What the model in the catalogue is called with.
        odd_arguments: What timm's is called with for the other size, say `{"img_size": (208, 240)}`.
        only_odd: Whether that size, in inference, is all.
        **more: What timm's is called with.
    """
    import timm

    other = filled(timm.create_model(name, **odd_arguments, **more)).eval() if odd_arguments else None
    made = other if only_odd and other else filled(timm.create_model(name, **more)).eval()
    channels, height, width = made.default_cfg["input_size"]
    indices = None if features is True else features

    def stages(model, x):
        return model.forward_intermediates(x, indices=indices, intermediates_only=True)

    native, odd = (height, width, channels), (*odd, channels)
    golden = results(name, made, stages if features else None, arguments or {}, native, odd, other, only_odd)
    golden[f"{name}.against"] = f"timm {timm.__version__}"
    print(
        name,
        golden[f"{name}.1.parameters"],
        "largest logit",
        np.abs(golden[f"{name}.1.value"]).max(),
        flush=True,
    )
    return golden


def written(file, *goldens):
    """Writes tests/golden/FILE.npz."""
    together = {key: array for golden in goldens for key, array in golden.items()}
    np.savez_compressed(Path(__file__).with_name(f"{file}.npz"), **together)
