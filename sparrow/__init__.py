"""The command `sparrow` and the list of steps: the only place that knows training, accelerator and tools."""
