"""Training, evaluation and prediction; each reads from top to bottom."""
