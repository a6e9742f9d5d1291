"""From a recurrent network in PyTorch to a proven accelerator on a chip: `load` a spec, then `sparrow.flow`."""

from sparrow.admission import load

__all__ = ["load"]
