"""`report.html`: everything about one run on one page, from its folder alone."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kzoo.report.confusion import Confusion
from kzoo.report.curves import curves
from kzoo.report.diagnostics import Block, diagnostic_blocks
from kzoo.report.page import rendered, write_page
from kzoo.runs.folder import Run
from kzoo.runs.rows import Row, read_rows

_SPLITS = ("test", "validation", "train")
# The distributions that decide most about the numbers; the page has all others in a list that unfolds.
MAIN_VERSIONS = ("kzoo", "keras", "tensorflow", "jax", "torch", "numpy")


def write_report(run: Run, path: Path | None = None) -> str:
    """Writes the page about a run, anew if there is one.

    Args:
        run: The run, finished or not.
        path: Where to; by default `report.html` in its folder.

    Returns:
        `written` or `replaced`.

    Raises:
        KzooError: If it can't be written.
    """
    return write_page(path or run.path / "report.html", rendered("run.html", **contents(run)))


def contents(run: Run) -> dict[str, Any]:
    """What the template shows of a run."""
    notes: list[str] = []
    results = _read(run.path / "results.json", notes)
    environment = _read(run.path / "environment.json", notes)
    rows = read_rows(run.path / "history.csv")
    recipe = (run.path / "resolved.yaml").read_text(encoding="utf-8")
    words, blocks = _shown(run.path / "diagnostics.json", _diagnostics, notes) or ([], [])
    return {
        "title": run.path.name,
        "name": _name(recipe) or run.path.name,
        "notes": notes,
        "finished": bool(results),
        "environment": environment,
        "main_versions": main_versions(environment),
        "facts": _facts(results, environment, rows),
        "results": _results_table(results),
        "splits": [split for split in _SPLITS if results.get(split)],
        "plots": curves(rows),
        "rows": rows,
        "memory": _shown(run.path / "memory.json", _memory, notes),
        "predictions": _shown(run.path / "predictions.json", _predictions, notes),
        "words": words,
        "diagnostics": blocks,
        "recipe": recipe,
        "given": [
            (path.name, path.read_text(encoding="utf-8")) for path in sorted(run.path.glob("recipe*.yaml"))
        ],
        "commands": _commands(run, bool(results), environment),
    }


def _name(recipe: str) -> str:
    """The name that a resolved recipe's text gives."""
    names = [line.removeprefix("name: ") for line in recipe.splitlines() if line.startswith("name: ")]
    return names[0].strip("'\"") if names else ""


def main_versions(environment: Mapping[str, Any]) -> dict[str, str]:
    """The versions that decide most about the numbers."""
    versions = environment.get("versions") or {}
    return {name: str(versions[name]) for name in MAIN_VERSIONS if name in versions}


def _read(path: Path, notes: list[str]) -> dict[str, Any]:
    """A file of the run; a broken one is noted, a missing one is as good as an empty one."""
    if not path.is_file():
        return {}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        notes.append(f"{path.name} can't be read: {error}")
        return {}
    return value if isinstance(value, dict) else {}


def _shown(path: Path, shape: Callable[[dict[str, Any]], Any], notes: list[str]) -> Any:
    """What a file holds, as the template shows it; a file of another form is noted."""
    kept = _read(path, notes)
    try:
        return shape(kept) if kept else None
    except (KeyError, IndexError, TypeError, ValueError, ArithmeticError) as error:
        notes.append(f"{path.name} can't be shown: {type(error).__name__}: {error}")
        return None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _facts(results: dict[str, Any], environment: dict[str, Any], rows: list[Row]) -> list[tuple[str, str]]:
    """The few numbers at the top."""
    facts = []
    split = next((each for each in _SPLITS if results.get(each)), None)
    if split:
        numbers = sorted(results[split].items(), key=lambda item: item[0] == "loss")
        facts += [(f"{split} {name}", f"{value:.4g}") for name, value in numbers[:3]]
    facts.append(("epochs", str(results.get("epochs", len(rows)))))
    if "parameters" in results:
        facts.append(("parameters", f"{results['parameters']:,}"))
    seconds = results.get("seconds", sum(float(row.get("seconds") or 0) for row in rows))
    facts.append(("time", duration(float(seconds))))
    return facts


def duration(seconds: float) -> str:
    """A time as people say it.

    >>> duration(4.21), duration(75), duration(7300)
    ('4.2 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _results_table(results: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    """Rows of metrics, columns of splits."""
    splits = [split for split in _SPLITS if results.get(split)]
    names = dict.fromkeys(name for split in splits for name in results[split])
    return [(name, [results[split].get(name) for split in splits]) for name in names]


def _predictions(kept: dict[str, Any]) -> dict[str, Any] | None:
    matrix = Confusion([str(each) for each in kept["classes"]], kept["confusion"])
    # Looked up here, where a file that lacks something is only noted.
    shown = {key: kept[key] for key in ("split", "examples", "of", "right")}
    shown["mistakes"] = [
        {
            "own": matrix.classes[each["true"]],
            "taken": matrix.classes[each["predicted"]],
            "share_of_own": float(each["probability_of_true"]),
            "share_of_taken": float(each["probability"]),
            "index": int(each["index"]),
            "picture": each.get("picture"),
        }
        for each in kept["mistakes"]
    ]
    return {**shown, "matrix": matrix, "by_class": matrix.by_class} if kept["examples"] else None


def _diagnostics(kept: dict[str, Any]) -> tuple[list[str], list[tuple[str, list[Block]]]]:
    return [str(each) for each in _listed(kept.get("words"))], diagnostic_blocks(kept)


def _memory(forecast: dict[str, Any]) -> dict[str, Any] | None:
    """The bar of what a training step holds: `memory.json`, as `kzoo memory --json` prints it."""
    parts = forecast.get("parts")
    if not isinstance(parts, dict):
        return None
    sizes = {str(name): size for name, size in parts.items() if isinstance(size, (int, float)) and size > 0}
    return {"total": forecast.get("total_bytes", sum(sizes.values())), "parts": sizes} if sizes else None


def _commands(run: Run, finished: bool, environment: dict[str, Any]) -> list[tuple[str, str]]:
    """What to type to repeat the run or to go on with it."""
    path, commands = str(run.path), []
    typed = [str(each) for each in _listed(environment.get("command"))]
    if typed and typed[0] in ("kzoo", "__main__.py"):  # the latter is python -m kzoo
        commands.append(("As it was started", shlex.join(["kzoo", *typed[1:]])))
    if not finished:
        commands.append(("Go on from the last whole epoch", shlex.join(["kzoo", "train", "--resume", path])))
    commands.append(("The same training again", shlex.join(["kzoo", "train", f"{path}/resolved.yaml"])))
    if finished:
        commands.append(("Measure its model again", shlex.join(["kzoo", "eval", path])))
    versions = main_versions(environment)
    if versions:
        pins = [f"{name}=={version}" for name, version in versions.items()]
        commands.append(("With the versions of then", shlex.join(["pip", "install", *pins])))
    git = environment.get("git")
    if isinstance(git, dict) and git.get("commit"):
        changed = " (there were changes that no commit holds)" if git.get("changed") else ""
        commands.append(
            (f"In the working folder of then{changed}", shlex.join(["git", "checkout", str(git["commit"])]))
        )
    return commands
