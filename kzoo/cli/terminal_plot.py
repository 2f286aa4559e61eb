"""Panels as text."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from kzoo.cli.panels import Panel

_WIDEST, _HEIGHT = 100, 18
# Colours tell lines apart on a terminal; elsewhere their signs must.
_SIGNS = ("braille", "•", "×", "+", "o", "*", "#", "%")


def print_panels(panels: Sequence[Panel], width: int, colored: bool) -> None:
    """Prints panels below what was printed before.

    Args:
        panels: The panels.
        width: How many columns there are.
        colored: Whether colours may be used.
    """
    for panel in panels:
        text = _drawn(panel, min(width, _WIDEST), colored)
        try:
            text.encode(sys.stdout.encoding or "utf-8")
        except UnicodeEncodeError:
            return  # where the signs can't be written, the words were enough
        click.echo(f"\n{text}", color=colored)


def _drawn(panel: Panel, width: int, colored: bool) -> str:
    import plotext

    plotext.clear_figure()
    plotext.limit_size(False, False)  # not what the terminal has, but what was asked for
    plotext.theme("clear")
    plotext.plot_size(width, _HEIGHT)
    plotext.xlabel(panel.x_label)
    for number, (name, x, y) in enumerate(panel.lines):
        marker = "braille" if colored else _SIGNS[number % len(_SIGNS)]
        # A single line is named by the title.
        plotext.plot(list(x), list(y), marker=marker, label=name if len(panel.lines) > 1 else None)
    if panel.top == panel.bottom:
        plotext.ylim(panel.bottom - 1, panel.top + 1)
    text = plotext.build()
    if not colored:
        text = plotext.uncolorize(text)
    # Above, not in the plot: there a title that is too long is left out.
    return "\n".join([panel.title, *(line.rstrip() for line in text.splitlines())])
