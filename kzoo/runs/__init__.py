"""Run folders: what a training leaves behind, and from which it can be rebuilt."""

from kzoo.runs.folder import Run, all_runs, load_run, new_run

__all__ = ["Run", "all_runs", "load_run", "new_run"]
