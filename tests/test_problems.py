"""The one way in which anything is reported as wrong."""

from kzoo.problems import KzooError, Problem, nearest, or_list


def test_a_problem_points_with_a_caret_below_the_column():
    text = str(Problem("unknown key 'lss'", "a.yaml", 3, 5, "Did you mean 'loss'?", "    lss: mse"))
    assert text.splitlines() == [
        "a.yaml:3:5: unknown key 'lss'",
        "        lss: mse",
        "        ^",
        "    Did you mean 'loss'?",
    ]


def test_the_caret_follows_tabs():
    assert str(Problem("tab", "a.yaml", 1, 2, excerpt="\tname: x")).splitlines()[2] == "    \t^"


def test_an_error_sorts_and_counts_its_problems_and_drops_doubles():
    late, early = Problem("late", "a.yaml", 9, 1), Problem("early", "a.yaml", 2, 1)
    error = KzooError([late, early, late])
    assert error.problems == [early, late]
    assert error.text().splitlines()[-1] == "2 problems"


def test_as_json_has_the_promised_keys():
    assert Problem("m", "f", 1, 2, "h").as_json() == {
        "file": "f",
        "line": 1,
        "column": 2,
        "message": "m",
        "hint": "h",
    }


def test_nearest_is_about_spelling_not_case():
    assert nearest("SmoothL", ["poisson", "smooth_l1", "mse"]) == ["smooth_l1"]
    assert nearest("xyzzy", ["poisson", "mse"]) == []


def test_or_list():
    assert [or_list(list(words)) for words in ("a", "ab", "abc")] == ["a", "a or b", "a, b or c"]
