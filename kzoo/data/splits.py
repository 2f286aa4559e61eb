"""Taking a validation and a test part from the train part."""

from __future__ import annotations

import dataclasses
import re

import numpy as np

from kzoo.data.source import Source, Split
from kzoo.problems import KzooError, Problem

_DEFAULT_TEST = "20%"
_PERCENT = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*%\s*")


def split_off(
    source: Source,
    validation: str | float | int | None = None,
    test: str | float | int | None = None,
    seed: int = 0,
) -> Source:
    """Takes a validation part, and a test part where the data brings none, from the train part.

    The test part is taken first; a share for validation is a share of what then remains. Classes keep their
    proportions where the targets are in memory. From a mere stream (tensorflow-datasets) the *first* examples are
    taken, for a stream has no other order: fine for data that was shuffled when it was written, as nearly all of it is.

    Args:
        source: The data.
        validation: A share (`"10%"`, `0.1`) or a number of examples. Default: none.
        test: The same for the test part. Default: 20 % where the data brings no test part; 0 for none.
        seed: The same seed always gives the same parts.

    Returns:
        The data with its parts.

    Raises:
        KzooError: If a share is out of range or leaves nothing, or the data brings that part itself.
    """
    for part, share, brought in (("validation", validation, source.validation), ("test", test, source.test)):
        if share is not None and brought is not None:
            hint = f"Leave out data.{part}."
            raise KzooError(
                Problem(f"the data brings its own {part} part of {brought.count:,} examples", hint=hint)
            )
    if source.test is None:
        wanted = _DEFAULT_TEST if test is None else test
        taken, train = _take(source.train, wanted, "test", seed, source.num_classes)
        source = dataclasses.replace(source, train=train, test=taken)
    if validation is not None:
        taken, train = _take(source.train, validation, "validation", seed + 1, source.num_classes)
        source = dataclasses.replace(source, train=train, validation=taken)
    return source


def parse_share(value: str | float | int, count: int, part: str = "validation") -> int:
    """How many of `count` examples a share means.

    Args:
        value: `"10%"`, a fraction between 0 and 1, or a whole number of examples. 0 means none.
        count: How many there are.
        part: What they are taken for, for the error.

    Raises:
        KzooError: If it isn't a share, or would take nothing or everything.

    >>> parse_share("15.5%", 1000), parse_share(0.1, 50), parse_share(500, 1000)
    (155, 5, 500)
    """
    percent = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if percent:
        share = float(percent[1]) / 100
    elif isinstance(value, float) and value != 0:
        share = value
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        return _checked(int(value), value, count, part) if value else 0
    else:
        raise KzooError(
            f"{part}: expected a share such as 10% or 0.1, or a number of examples, got {value!r}"
        )
    if share == 0:
        return 0
    if not 0 < share < 1:
        hint = "A fraction is between 0 and 1; a number of examples has no decimal point."
        raise KzooError(Problem(f"{part}: expected a share between 0% and 100%, got {value}", hint=hint))
    return _checked(round(count * share), value, count, part)


def _checked(number: int, value: object, count: int, part: str) -> int:
    if number < 0:
        raise KzooError(f"{part}: expected a share such as 10% or 0.1, or a number of examples, got {value}")
    if number == 0:
        raise KzooError(f"{part}: {value} of {count:,} examples is none at all")
    if number >= count:
        raise KzooError(f"{part}: {value} of {count:,} examples leaves nothing to train on")
    return number


def stratified_order(labels: np.ndarray | None, count: int, seed: int) -> np.ndarray:
    """A random order of which any beginning has the classes in their proportions.

    Args:
        labels: Class of each example, 1-D integers; None for a plain random order.
        count: How many examples.
        seed: PCG64's raw output is used, which numpy keeps the same for good, so an order is the same for good.
    """
    random = np.random.PCG64(seed).random_raw(count)
    if labels is None:
        return np.argsort(random, kind="stable")
    # The r-th of a class of n is put at (r + 1/2) / n of the whole.
    place = np.empty(count)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        members = members[np.argsort(random[members], kind="stable")]
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.lexsort((random, place))


def _take(
    split: Split, share: str | float | int, part: str, seed: int, num_classes: int | None
) -> tuple[Split | None, Split]:
    number = parse_share(share, split.count, part)
    if number == 0:
        return None, split
    targets = split.targets()
    if targets is None:
        return _take_first(split, number)
    in_classes = num_classes is not None and targets.ndim == 1
    order = stratified_order(targets if in_classes else None, split.count, seed)
    return split.subset(np.sort(order[:number])), split.subset(np.sort(order[number:]))


def _take_first(split: Split, number: int) -> tuple[Split, Split]:
    stream = split.stream
    assert stream is not None
    first = Split(number, stream=lambda: stream().take(number))
    return first, Split(split.count - number, stream=lambda: stream().skip(number))
