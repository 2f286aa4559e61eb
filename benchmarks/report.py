"""What the report costs at the end of a training, beside the evaluation of the test part that is made there anyway.

    python benchmarks/report.py digits_quick mnist_cnn digits_resnet20

Nothing is trained. Each part is measured once in a process of its own, as a training does it once, compilation
included: seconds of processor time, all threads together; medians of three processes.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_PROCESSES = 3


def measured(name: str) -> dict[str, float]:
    """Processor seconds of each part, and the size of the page."""
    import kzoo
    from kzoo.build.experiment import build
    from kzoo.report import write_report
    from kzoo.runs import new_run
    from kzoo.runs.environment import describe
    from kzoo.runs.files import write_json
    from kzoo.training.evaluate import evaluate
    from kzoo.training.predictions import predictions

    recipe = kzoo.load_recipe(name)
    experiment = build(recipe)
    run = new_run(recipe, Path(tempfile.mkdtemp()), describe(recipe, ""))
    seconds = {}
    began = time.process_time()
    evaluate(experiment, "test")
    seconds["evaluation"] = time.process_time() - began
    began = time.process_time()
    answers = predictions(experiment)
    if answers is not None:
        write_json(run.path / "predictions.json", answers.as_json())
    seconds["predictions"] = time.process_time() - began
    began = time.process_time()
    write_report(run)
    seconds["page"] = time.process_time() - began
    seconds["kilobytes"] = (run.path / "report.html").stat().st_size / 1000
    return seconds


def main(names: list[str]) -> None:
    print(f"{'recipe':<18}{'evaluation':>12}{'predictions':>13}{'page':>9}{'size':>10}")
    for name in names:
        found = []
        for _ in range(_PROCESSES):
            call = [sys.executable, __file__, "--measure", name]
            done = subprocess.run(call, capture_output=True, text=True, check=True)
            found.append(json.loads(done.stdout.splitlines()[-1]))
        median = {key: statistics.median(each[key] for each in found) for key in found[0]}
        print(
            f"{name:<18}{median['evaluation']:>10.2f} s{median['predictions']:>11.2f} s{median['page']:>7.2f} s"
            f"{median['kilobytes']:>7.0f} kB"
        )


if __name__ == "__main__":
    if sys.argv[1] == "--measure":
        print(json.dumps(measured(sys.argv[2])))
    else:
        main(sys.argv[1:])
