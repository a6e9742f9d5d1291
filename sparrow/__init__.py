"""From a recurrent network in PyTorch to a proven accelerator on a chip.

`compile` a model of your own, or `load` a spec and go step by step with `sparrow.flow`.
"""

from sparrow.accelerator import Accelerator, compile
from sparrow.admission import load

__all__ = ["Accelerator", "compile", "load"]
