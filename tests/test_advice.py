"""`kzoo list KIND --tag TAG`: what it ends with is about parts that are there, and right by their cards."""

import re

import click.testing
import pytest

from kzoo.cli.list import command
from kzoo.registry import catalogue
from kzoo.registry.advice import advice, advised


def listed(*arguments):
    """What the verb prints: on stdout, on stderr."""
    done = click.testing.CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout, done.stderr


# Named to warn of them, or as the half of another part.
NOT_RECOMMENDED = {("hidden", "sigmoid"), ("hidden", "tanh"), ("transformer", "silu")}


@pytest.mark.parametrize(("kind", "tag"), advised())
def test_it_recommends_parts_of_the_tag(kind, tag):
    cards = [catalogue().find(kind, name) for name in re.findall(r"`(.+?)`", advice(kind, tag))]
    assert len(cards) > 1
    for card in cards:
        assert (tag in card.tags) != ((tag, card.name) in NOT_RECOMMENDED), card.name


def test_what_saturates_at_both_ends_is_not_recommended_for_hidden_layers():
    first, second = (catalogue().find("activation", name) for name in ("sigmoid", "tanh"))
    assert first.saturates == second.saturates == "both"
    assert "hidden" not in first.tags and "hidden" not in second.tags


def test_the_list_ends_with_it():
    assert listed("activation", "--tag", "hidden")[0].endswith(f"\n\n{advice('activation', 'hidden')}\n")
    assert (
        "`" not in listed("activation", "re*")[0] and advice("loss", "hidden") == advice("loss", None) == ""
    )
    assert "`" not in listed("activation", "--tag", "hidden", "--json")[0]


def test_a_tag_that_is_not_there():
    assert listed("activation", "--tag", "hiden") == (
        "",
        "nothing fits * --tag hiden; did you mean hidden?\n",
    )
    assert "tags: " in listed("schedule", "--tag", "xyz")[1]
    assert listed("schedule", "zzz") == ("", "nothing fits zzz\n")
