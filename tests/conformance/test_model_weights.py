"""Weights from files and hubs: loaded whole or not at all, and written as they can be read elsewhere."""

import http.server
import threading

import keras
import numpy as np
import pytest
import safetensors.numpy

import kzoo
from kzoo.models import load_weights, save_weights
from kzoo.models.tensor_names import tensors_of
from kzoo.problems import KzooError, KzooWarning

from .named_weights import pictures, value

SMALL = {"depths": [1, 1, 1, 1], "widths": [8, 8, 12, 16], "stem_width": 8, "block": "basic"}


def small(classes=5, channels=3, **arguments):
    return kzoo.create_model("resnet18", classes, (32, 32, channels), **SMALL, **arguments)


@pytest.fixture(scope="module")
def arrays():
    """What a file of timm holds: its names, its layout, and numbers that no initializer gives."""
    named = {name: np.asarray(value(name, tensor.shape)) for name, tensor in tensors_of(small()).items()}
    return {**named, "bn1.num_batches_tracked": np.asarray(7)}


@pytest.fixture
def file(arrays, tmp_path):
    return written(arrays, tmp_path)


def written(arrays, folder):
    path = folder / "model.safetensors"
    safetensors.numpy.save_file(arrays, path)
    return path


def kernel(model, name):
    return keras.ops.convert_to_numpy(model.get_layer(name).kernel)


def test_the_names_and_the_layout_are_pytorchs(arrays):
    assert arrays["conv1.weight"].shape == (8, 3, 7, 7) and arrays["fc.weight"].shape == (5, 16)
    assert "layer2.0.downsample.1.running_var" in arrays


def test_a_file_of_timm(file, arrays):
    model = small(weights=str(file))
    assert (kernel(model, "conv1") == arrays["conv1.weight"].transpose(2, 3, 1, 0)).all()
    assert (kernel(model, "fc") == arrays["fc.weight"].T).all()
    variance = model.get_layer("bn1").moving_variance
    assert (keras.ops.convert_to_numpy(variance) == arrays["bn1.running_var"]).all()


def test_another_number_of_classes_keeps_its_head_and_says_so(file, arrays):
    with pytest.warns(KzooWarning, match=r"fc\.weight, fc\.bias"):
        model = small(classes=3, weights=str(file))
    assert kernel(model, "fc").shape == (16, 3)
    assert (kernel(model, "conv1") == arrays["conv1.weight"].transpose(2, 3, 1, 0)).all()


@pytest.mark.parametrize(
    "arguments", [{"features_only": True}, {"features_only": True, "out_indices": [0, 1]}, {"classes": 0}]
)
def test_models_without_a_head_leave_it_out(file, arrays, arguments):
    with pytest.warns(KzooWarning, match="fc"):
        model = small(weights=str(file), **arguments)
    assert (kernel(model, "conv1") == arrays["conv1.weight"].transpose(2, 3, 1, 0)).all()


@pytest.mark.parametrize(
    ("name", "size", "width", "extra"),
    [
        ("googlenet", 64, 0.125, ["aux1.fc2.weight", "aux2.conv.conv.weight"]),
        ("inception_v3", 75, 0.0625, ["AuxLogits.conv0.conv.weight"]),
    ],
)
def test_auxiliary_classifiers_of_published_files_are_left_out(tmp_path, name, size, width, extra):
    model = kzoo.create_model(name, 5, (size, size, 3), width=width)
    arrays = {each: np.asarray(value(each, tensor.shape)) for each, tensor in tensors_of(model).items()}
    arrays |= {each: np.zeros((2, 2), "float32") for each in extra}
    with pytest.warns(KzooWarning, match=f"{', '.join(extra)} not loaded"):
        load_weights(model, written(arrays, tmp_path))
    assert (kernel(model, "fc") == arrays["fc.weight"].T).all()


@pytest.mark.parametrize("channels", [1, 2, 4, 6])
def test_the_first_convolution_is_adapted_to_other_channels(file, arrays, channels):
    """A picture of equal channels, whatever their number, looks the same to it."""
    model = small(channels=channels, weights=str(file))
    expected = arrays["conv1.weight"].sum(axis=1)
    repeats = np.arange(channels) % 3
    if channels == 1:
        assert np.allclose(kernel(model, "conv1")[:, :, 0].transpose(2, 0, 1), expected, atol=1e-6)
    else:
        told = arrays["conv1.weight"][:, repeats] * 3 / channels
        assert np.allclose(kernel(model, "conv1"), told.transpose(2, 3, 1, 0), atol=1e-6)


def test_everything_that_does_not_fit_is_listed_and_nothing_loaded(arrays, tmp_path):
    arrays = dict(arrays)
    del arrays["bn1.bias"]
    arrays["extra.weight"] = np.zeros((2, 2), "float32")
    arrays["layer1.0.conv1.weight"] = np.zeros((8, 8, 5, 5), "float32")
    model = small()
    before = [keras.ops.convert_to_numpy(each) for each in model.weights]
    with pytest.raises(KzooError) as caught:
        load_weights(model, written(arrays, tmp_path))
    text = str(caught.value)
    assert "3 tensors" in text and "bn1.bias: 8 in the model, not in the file" in text
    assert "extra.weight: not in the model, 2×2 in the file" in text
    assert "layer1.0.conv1.weight: 8×8×3×3 in the model, 8×8×5×5 in the file" in text
    assert all((keras.ops.convert_to_numpy(a) == b).all() for a, b in zip(model.weights, before))


def test_what_is_no_file_or_no_weights(tmp_path):
    with pytest.raises(KzooError, match="no weights file"):
        small(weights=str(tmp_path / "none.safetensors"))
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"not weights")
    with pytest.raises(KzooError, match="no safetensors file"):
        small(weights=str(broken))
    with pytest.raises(KzooError, match="weights are in"):
        (tmp_path / "weights.txt").write_text("1")
        small(weights=str(tmp_path / "weights.txt"))


@pytest.mark.parametrize("name", ["model.safetensors", "model.weights.h5"])
def test_written_and_read_again_exactly(file, tmp_path, name):
    model = small(weights=str(file))
    path = save_weights(model, tmp_path / name)
    again = small(weights=str(path))
    inputs = pictures((32, 32, 3))
    assert (keras.ops.convert_to_numpy(model(inputs)) == keras.ops.convert_to_numpy(again(inputs))).all()
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted({"model.safetensors", name})


def test_keras_weights_of_another_model(tmp_path):
    path = save_weights(kzoo.create_model("lenet5", 10, (28, 28, 1)), tmp_path / "other.weights.h5")
    with pytest.raises(KzooError, match="doesn't fit the model 'resnet18'"):
        small(weights=str(path))


def test_pickles_are_read_by_torch_without_running_them(arrays, tmp_path):
    torch = pytest.importorskip("torch")
    state = {name: torch.from_numpy(array) for name, array in arrays.items()}
    torch.save({"state_dict": state}, tmp_path / "model.pth")
    model = small(weights=str(tmp_path / "model.pth"))
    assert (kernel(model, "fc") == arrays["fc.weight"].T).all()
    torch.save({"state_dict": state, "more": Harmful(tmp_path / "ran")}, tmp_path / "bad.pth")
    with pytest.raises(KzooError, match="without running code"):
        small(weights=str(tmp_path / "bad.pth"))
    assert not (tmp_path / "ran").exists()


class Harmful:
    """What a pickle can do to whoever loads it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_the_hub(file, tmp_path, monkeypatch):
    """A server on loopback answers what huggingface_hub asks; the second time nothing is asked."""
    constants = pytest.importorskip("huggingface_hub.constants")
    asked = []
    server = _serve(file.read_bytes(), asked)
    try:
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setattr(
            constants,
            "HUGGINGFACE_CO_URL_TEMPLATE",
            f"http://127.0.0.1:{server.server_port}" + "/{repo_id}/resolve/{revision}/{filename}",
        )
        first = small(weights="timm/resnet18.made_up")
        second = small(weights="timm/resnet18.made_up")
        assert asked.count(f"GET {_PATH}") == 1
        with pytest.raises(KzooError, match="there are no weights timm/unknown"):
            small(weights="timm/unknown")
    finally:
        server.shutdown()
        server.server_close()
    kept = small(weights="timm/resnet18.made_up")  # without a network too
    for model in (second, kept):
        assert (kernel(first, "fc") == kernel(model, "fc")).all()


_PATH = "/timm/resnet18.made_up/resolve/main/model.safetensors"


def _serve(content, asked):
    class Hub(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self):
            self._answer(with_body=False)

        def do_GET(self):
            self._answer(with_body=True)

        def _answer(self, with_body):
            asked.append(f"{self.command} {self.path}")
            known = self.path == _PATH
            self.send_response(200 if known else 404)
            if known:
                self.send_header("ETag", '"0123456789abcdef0123456789abcdef01234567"')
                self.send_header("X-Repo-Commit", "0123456789abcdef0123456789abcdef01234567")
            else:
                self.send_header("X-Error-Code", "RepoNotFound")
            body = content if known else b""
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def test_no_connection_says_what_to_do(tmp_path, monkeypatch):
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(KzooError, match="can't be fetched") as caught:
        small(weights="timm/resnet18.a1_in1k")
    assert "give its path" in str(caught.value)
