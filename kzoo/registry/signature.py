"""What a part can be called with, read from the text in its card, so that nothing has to be imported."""

from __future__ import annotations

import ast
import dataclasses
import functools
from typing import Any

REQUIRED = object()  # the default of an argument that has none


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One argument of a part.

    Args:
        name: Its name.
        default: Its default; `REQUIRED` if there is none.
        annotation: Its type as written, or "".
    """

    name: str
    default: Any = REQUIRED
    annotation: str = ""

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    def expects(self) -> str:
        """What values fit: `number`, `integer`, `boolean`, `string`, or "" where anything may fit.

        An annotation is taken at its word. Without one a default gives it away, but not an int (Keras writes
        `min_delta=0` where 0.1 is as good) and not None.
        """
        plain = {"float": "number", "int": "integer", "bool": "boolean", "str": "string"}
        if self.annotation:
            return plain.get(self.annotation.removesuffix(" | None"), "")
        if isinstance(self.default, bool):
            return "boolean"
        if isinstance(self.default, (int, float)):
            return "numeric"
        return "text" if isinstance(self.default, str) else ""

    def accepts_none(self) -> bool:
        return self.default is None or self.annotation.endswith("| None") or not self.annotation


@dataclasses.dataclass(frozen=True)
class Signature:
    """All arguments of a part, and whether it takes those common to its kind too (`**kwargs`)."""

    parameters: dict[str, Parameter]
    open: bool = False

    def missing(self, given: set[str]) -> list[str]:
        return [name for name, each in self.parameters.items() if each.required and name not in given]


@functools.lru_cache(maxsize=4096)
def parse_signature(text: str) -> Signature:
    """Reads a signature as a card holds it.

    >>> parsed = parse_signature("beta: float = 1.0, name=None, **kwargs")
    >>> parsed.parameters["beta"].default, parsed.parameters["beta"].expects(), parsed.open
    (1.0, 'number', True)
    """
    function = ast.parse(f"def part({text}): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    arguments = function.args
    names = arguments.posonlyargs + arguments.args
    defaults: list[ast.expr | None] = [None] * (len(names) - len(arguments.defaults))
    pairs = list(zip(names, defaults + list(arguments.defaults)))
    pairs += list(zip(arguments.kwonlyargs, arguments.kw_defaults))
    parameters = {}
    for argument, default in pairs:
        annotation = ast.unparse(argument.annotation) if argument.annotation else ""
        value = REQUIRED if default is None else ast.literal_eval(default)
        parameters[argument.arg] = Parameter(argument.arg, value, annotation)
    return Signature(parameters, open=arguments.kwarg is not None)
