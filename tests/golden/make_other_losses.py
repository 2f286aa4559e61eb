# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy"]
# ///
"""CTC, adversarial losses and distillation by PyTorch: `uv run tests/golden/make_other_losses.py` writes
other_losses.npz."""

import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

TORCH = f"torch {torch.__version__.partition('+')[0]}"
generator = np.random.default_rng(0)
golden = {
    "ctc.against": f"torch.nn.CTCLoss ({TORCH})",
    "distillation.against": f"torch.nn.KLDivLoss ({TORCH})",
}


def keep(part, number, arguments, y_true, y_pred, function):
    target, prediction = torch.tensor(y_true), torch.tensor(y_pred, requires_grad=True)
    loss = function(prediction, target)
    loss.backward()
    prefix = f"{part}.{number}"
    golden[f"{prefix}.arguments"] = json.dumps(arguments)
    golden[f"{prefix}.y_true"], golden[f"{prefix}.y_pred"] = y_true, y_pred
    golden[f"{prefix}.value"], golden[f"{prefix}.gradient"] = loss.item(), prediction.grad.numpy()


def ctc(blank, padding):
    def loss(logits, labels):
        lengths = (labels != padding).sum(-1)
        log_probabilities = functional.log_softmax(logits, dim=-1).transpose(0, 1)
        times = torch.full((len(logits),), logits.shape[1])
        labels = torch.where(labels == padding, 1, labels)  # whatever: beyond its length
        reference = torch.nn.CTCLoss(blank=blank, reduction="none", zero_infinity=True)
        return reference(log_probabilities, labels, times, lengths).mean()

    return loss


# Repetitions, one label, none, as many as there are steps, and too many.
labels = np.array([[1, 1, 2, -1], [3, -1, -1, -1], [-1, -1, -1, -1], [1, 2, 3, 2], [2, 2, 2, 2]])
keep("ctc", 0, {}, labels, generator.normal(size=(5, 4, 4)), ctc(0, -1))
labels = np.array([[0, 3, 9], [2, 2, 0]])
arguments = {"blank": -1, "padding": 9}
keep("ctc", 1, arguments, labels, generator.normal(scale=3, size=(2, 7, 5)), ctc(4, 9))


def distillation(temperature):
    def loss(student, teacher):
        student, teacher = (functional.log_softmax(each / temperature, dim=-1) for each in (student, teacher))
        reference = torch.nn.KLDivLoss(reduction="none", log_target=True)
        return temperature**2 * reference(student, teacher).sum(-1).mean()

    return loss


keep("distillation", 0, {}, *generator.normal(scale=3, size=(2, 6, 5)), distillation(3.0))
arguments = {"temperature": 0.5}
keep("distillation", 1, arguments, *generator.normal(size=(2, 2, 3, 4)), distillation(0.5))
np.savez_compressed(Path(__file__).with_name("other_losses.npz"), **golden)
