"""The command line. One thin module a verb, imported only when that verb is called."""

from __future__ import annotations

import importlib
import sys
import warnings
from typing import Any

import click

from kzoo import __version__
from kzoo.cli.standard_streams import is_of_output, open_all, write_nowhere
from kzoo.problems import Failed, KzooError, KzooWarning, Terminated

# Verb -> what it does, in the order of `kzoo --help`; the module of a verb is kzoo.cli.<verb>.
VERBS = {
    "list": "Names of parts.",
    "show": "Everything about a part.",
    "find": "The part that is the same as a foreign one.",
    "check": "Is this recipe right?",
    "lr": "Which learning rate a recipe can take.",
    "bench-input": "How fast a recipe's input is, stage by stage.",
    "train": "Train a recipe.",
    "eval": "Measure a run's model again.",
    "predict": "Classes of picture files.",
    "runs": "The runs in a folder.",
    "sweep": "Train a recipe with many settings.",
    "memory": "What a step of a recipe will hold in memory.",
    "report": "A page about a run, or about several.",
    "gallery": "The catalogue as a static site.",
    "schema": "JSON Schema of recipes, for editors.",
    "doctor": "What is installed, what is broken.",
}


class _Verbs(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        return importlib.import_module(f"kzoo.cli.{name.replace('-', '_')}").command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(self, context: click.Context, arguments: list[str]) -> Any:
        if arguments and not arguments[0].startswith("-") and arguments[0] not in VERBS:
            from kzoo.problems import nearest

            near = nearest(arguments[0], VERBS)
            raise click.UsageError(
                f"no verb '{arguments[0]}'."
                + (f" Did you mean '{near[0]}'?" if near else " Try 'kzoo --help'.")
            )
        return super().resolve_command(context, arguments)


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="kzoo")
def cli() -> None:
    """Every part of a Keras model by name, and every name with its proof."""


def main() -> None:
    """Runs the command line: 0 done, 2 recipe or arguments are wrong, 1 it failed, 130 interrupted, 143 terminated."""
    open_all()
    warnings.showwarning = _show_warning
    try:
        status = cli.main(standalone_mode=False, prog_name="kzoo")
    except KzooError as error:
        _print_problems(error)
        status = 1 if isinstance(error, Failed) else 2
    except click.ClickException as error:
        error.show()
        status = 2
    except (click.Abort, KeyboardInterrupt) as error:
        click.echo(str(error.__cause__ or error) or "interrupted", err=True)
        status = 130
    except Terminated as error:
        click.echo(str(error), err=True)
        status = error.code
    except FloatingPointError as error:
        click.echo(f"failed: {error}", err=True)
        status = 1
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has had enough
        status = 0
    except OSError as error:
        if not is_of_output(error):
            raise
        click.echo(f"failed: the output can't be written: {error.strerror}", err=True)
        write_nowhere()
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


def _print_problems(error: KzooError) -> None:
    if "--json" in sys.argv[1:]:
        import json

        click.echo(json.dumps({"problems": [each.as_json() for each in error.problems]}, ensure_ascii=False))
    else:
        click.echo(error.text(), err=True)


def _show_warning(message: Any, category: type[Warning], *place: Any, **more: Any) -> None:
    """Our warnings in a plain line; those of others belong to their authors and are left out."""
    if issubclass(category, KzooWarning):
        click.echo(f"warning: {message}", err=True)
