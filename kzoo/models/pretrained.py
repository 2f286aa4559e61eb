"""Published weights, fetched once by huggingface_hub and kept where that keeps them."""

from __future__ import annotations

from kzoo.problems import KzooError, Problem

_FILE = "model.safetensors"


def fetched(name: str) -> str:
    """The path of the weights of `timm/NAME.TAG`, which are fetched where they aren't kept yet.

    Args:
        name: The repository, such as `timm/resnet50.a1_in1k`.

    Raises:
        KzooError: If huggingface_hub isn't installed, or can't get the file: what to do stands in the hint.
    """
    try:
        import huggingface_hub
        from huggingface_hub.errors import (
            EntryNotFoundError,
            LocalEntryNotFoundError,
            RepositoryNotFoundError,
        )
    except ImportError as error:
        hint = "pip install 'kzoo[hub]', or give the path of a .safetensors file."
        raise KzooError(
            Problem(f"{name} is fetched by huggingface_hub, which isn't installed", hint=hint)
        ) from error
    try:
        return huggingface_hub.hf_hub_download(name, _FILE)
    except LocalEntryNotFoundError as error:
        hint = f"Fetch {_FILE} of it where there is a network, and give its path."
        raise KzooError(
            Problem(f"{name} isn't kept here and can't be fetched: no connection", hint=hint)
        ) from error
    except RepositoryNotFoundError as error:
        hint = "Names have a tag behind the model's name, as in timm/resnet50.a1_in1k."
        raise KzooError(Problem(f"there are no weights {name}", hint=hint)) from error
    except EntryNotFoundError as error:
        raise KzooError(f"{name} has no {_FILE}") from error
    except Exception as error:
        raise KzooError(f"{name} can't be fetched: {type(error).__name__}: {error}") from error
