"""What a step will hold in memory, before it is paid for."""

from kzoo.memory.forecast import Forecast, forecast

__all__ = ["Forecast", "forecast"]
