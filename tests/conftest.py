"""What all tests share: quiet backends, and a catalogue without plug-ins that happen to be installed."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("PYTHONHASHSEED", "0")
