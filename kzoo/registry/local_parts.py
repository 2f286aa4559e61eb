"""Parts of scripts and of the user's own files: `@kzoo.register`, `--plugin FILE`, `[tool.kzoo] plugins`."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

import tomli

from kzoo.problems import KzooError, Problem
from kzoo.registry.card import Card
from kzoo.registry.catalogue import catalogue, check_kind

Part = TypeVar("Part")
_package: ContextVar[str] = ContextVar("package", default="local")


def register(
    kind: str,
    name: str | None = None,
    *,
    package: str | None = None,
    aliases: Sequence[str] = (),
    summary: str = "",
) -> Callable[[Part], Part]:
    """Gives a part of your own a name, for recipes, `kzoo.get` and Keras.

    Args:
        kind: Which sort of part it is.
        name: Its name; by default that of the function, or of the class in snake_case.
        package: The `package` in `package/name`; `local` by default.
        aliases: Other names.
        summary: What it does; by default the first line of its docstring.

    Returns:
        A decorator that returns the part as it is.

    Raises:
        KzooError: If the kind is unknown or the name is another part's.

    >>> import kzoo
    >>> @kzoo.register("activation", "twice")
    ... def twice(x):
    ...     "Doubles."
    ...     return 2 * x
    >>> kzoo.card("activation", "twice").summary
    'Doubles.'
    """
    check_kind(kind)

    def decorator(part: Part) -> Part:
        target: Any = part
        lines = (target.__doc__ or "").strip().splitlines()
        card = Card(
            kind=kind,
            name=name or _snake_case(target.__name__),
            package=package or _package.get(),
            target=f"{target.__module__}:{target.__qualname__}",
            aliases=tuple(aliases),
            summary=summary or (lines[0] if lines else ""),
            part=part,
        )
        catalogue().register(card)
        return part

    return decorator


def _snake_case(name: str) -> str:
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def load_plugin_file(path: Path) -> None:
    """Runs a file of the user's that registers parts; they are found as `file_name/part`.

    Raises:
        KzooError: If there is no such file, or it fails.
    """
    if not path.is_file():
        raise KzooError(Problem(f"no such plug-in file: {path}", hint="--plugin takes a Python file."))
    module_name = path.stem
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise KzooError(f"--plugin takes a Python file (*.py), got {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    with _brought_by(module_name, path):
        spec.loader.exec_module(module)


def load_working_folder_plugins(folder: Path) -> None:
    """Imports the modules that `[tool.kzoo] plugins` names in the folder's pyproject.toml."""
    settings = folder / "pyproject.toml"
    if not settings.is_file():
        return
    try:
        modules = (
            tomli.loads(settings.read_text(encoding="utf-8"))
            .get("tool", {})
            .get("kzoo", {})
            .get("plugins", [])
        )
    except (tomli.TOMLDecodeError, UnicodeDecodeError):
        return  # somebody else's broken file is not ours to report
    if not isinstance(modules, list) or not all(isinstance(each, str) for each in modules):
        raise KzooError(f"{settings}: [tool.kzoo] plugins is to be a list of module names, got {modules!r}")
    if modules and str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    for module in modules:
        with _brought_by(module.rpartition(".")[2], settings):
            importlib.import_module(module)


@contextlib.contextmanager
def _brought_by(package: str, source: Path) -> Iterator[None]:
    token = _package.set(package)
    try:
        yield
    except KzooError:
        raise
    except Exception as error:
        hint = "It is Python code of your own; the error is in there."
        raise KzooError(
            Problem(f"plug-in '{package}' failed: {type(error).__name__}: {error}", str(source), hint=hint)
        ) from error
    finally:
        _package.reset(token)
