"""Pages about runs: `report.html` of one, `comparison.html` of several. Neither Keras nor TensorFlow is needed."""

from kzoo.report.comparison import compare, write_comparison
from kzoo.report.run_page import write_report

__all__ = ["compare", "write_comparison", "write_report"]
