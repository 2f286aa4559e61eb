"""The one way in which anything is reported as wrong.

A :class:`Problem` says what was expected and what came, where, and what to do next. Code that finds problems
collects them and raises one :class:`KzooError`; the command line prints it and ends with status 2.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterable, Sequence

__all__ = ["Failed", "KzooError", "KzooWarning", "Problem", "Terminated", "fold", "nearest", "or_list"]


@dataclasses.dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Args:
        message: What was expected and what came, in one sentence.
        file: The file it stands in, or `<command line>`; empty if it stands nowhere.
        line: Line, from 1; 0 if unknown.
        column: Column, from 1; 0 if unknown.
        hint: The nearest right word, or what to do next.
        excerpt: The source line, printed with a caret below `column`.
    """

    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    hint: str = ""
    excerpt: str = ""

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        lines = [f"{where}: {self.message}" if where else self.message]
        if self.excerpt:
            margin = self.excerpt[: max(self.column - 1, 0)]
            caret = "".join("\t" if sign == "\t" else " " for sign in margin) + "^"
            lines += [f"    {self.excerpt}", f"    {caret}"]
        if self.hint:
            lines.append(f"    {self.hint}")
        return "\n".join(lines)

    def as_json(self) -> dict[str, str | int]:
        """The problem for a program: `file`, `line`, `column`, `message`, `hint`."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "hint": self.hint,
        }


class KzooWarning(UserWarning):
    """Something that works, but not as one might think."""


class KzooError(ValueError):
    """Everything that is wrong with what was asked for.

    Args:
        problems: One problem or more, or the message of a single one.

    >>> error = KzooError([Problem("unknown key 'bta'", "a.yaml", 3, 5, "did you mean 'beta'?")])
    >>> print(error)
    a.yaml:3:5: unknown key 'bta'
        did you mean 'beta'?
    """

    def __init__(self, problems: str | Problem | Iterable[Problem]):
        if isinstance(problems, str):
            problems = Problem(problems)
        if isinstance(problems, Problem):
            problems = [problems]
        unique = dict.fromkeys(problems)
        self.problems = sorted(unique, key=lambda each: (each.file, each.line, each.column))
        super().__init__(self.text())

    def text(self) -> str:
        """All problems, sorted by place, and how many there are where there are several."""
        lines = [str(problem) for problem in self.problems]
        if len(lines) > 1:
            lines.append(f"{len(lines)} problems")
        return "\n".join(lines)


class Failed(KzooError):
    """What went wrong while running, though nothing was wrong with what was asked for: exit status 1."""


class Terminated(SystemExit):
    """Ends the program after SIGTERM, with the status that tells so.

    Args:
        message: What was kept, and how to go on.
    """

    def __init__(self, message: str):
        super().__init__(128 + 15)
        self.message = message

    def __str__(self) -> str:
        return self.message


def fold(name: str) -> str:
    """The form in which names are compared: case, `_`, `-` and spaces don't count.

    >>> fold("Smooth-L1") == fold("smooth_l1") == fold("SmoothL1")
    True
    """
    return re.sub(r"[_\-\s]", "", name).casefold()


def nearest(name: str, candidates: Iterable[str], count: int = 3) -> list[str]:
    """The candidates that look most like `name`, best first.

    >>> nearest("smoth_l1", ["mse", "smooth_l1", "poisson"])
    ['smooth_l1']
    """
    by_fold: dict[str, str] = {}
    for candidate in candidates:
        by_fold.setdefault(fold(candidate), candidate)
    wanted = fold(name)
    close = difflib.get_close_matches(wanted, by_fold, n=4 * count, cutoff=0.6)
    close.sort(key=lambda each: _distance(wanted, each))
    if len(wanted) >= 3:
        close += sorted((each for each in by_fold if wanted in each and each not in close), key=len)
    return [by_fold[each] for each in close[:count]]


def _distance(wanted: str, candidate: str) -> tuple[int, int, int]:
    """How many letters differ; among equals a common beginning counts, then the length."""
    blocks = difflib.SequenceMatcher(None, wanted, candidate).get_matching_blocks()
    different = max(len(wanted), len(candidate)) - sum(block.size for block in blocks)
    beginning = next((i for i, (a, b) in enumerate(zip(wanted, candidate)) if a != b), len(candidate))
    return different, -beginning, abs(len(wanted) - len(candidate))


def or_list(words: Sequence[object]) -> str:
    """Words as in a sentence.

    >>> or_list(["a", "b", "c"])
    'a, b or c'
    """
    texts = [str(word) for word in words]
    return texts[0] if len(texts) == 1 else ", ".join(texts[:-1]) + " or " + texts[-1]
