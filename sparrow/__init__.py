"""From a recurrent network in PyTorch to a proven accelerator on a chip: `load` a spec, then `sparrow.flow`."""

from accel.schedule.load_spec import load

__all__ = ["load"]
