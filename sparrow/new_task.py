"""`sparrow new --task FILE.py`: a task of one's own to fill in, and a spec that trains on it as it is."""

from __future__ import annotations

import re
from pathlib import Path

from accel.base.faults import Fault, Refused
from accel.base.files import write_text
from accel.base.templates import read
from accel.schedule import load_spec

SPEC = """\
# Made by `sparrow new --task {file}`; `sparrow run {spec}` trains, generates, verifies and reports.
name: {name}
model:
  inputs: 3           # elements of x_t, as the task has them
  hidden: [16]
  head: {{outputs: 3}}  # classes of the task
sparsity:
  pattern: row
  search: {{total: 0.5, steps: 1}}
weights: {{width: 8, input_frac: 5, recurrent_frac: 5, head_frac: 5}}
formats:              # [width, frac]
  input: [8, 5]       # x beyond -4 to 3.97 clips
  gate: [16, 12]
  activation: [12, 11]
  cell: [16, 11]
  state: [12, 11]
engine: {{units: 4}}
training: {{task: "{file}:load", batch: 32, learning_rate: 0.01, epochs: 20, prune_epochs: 10, quantize_epochs: 10}}
"""


def write(path: Path, force: bool = False) -> list[str]:
    """Leave the task and, beside it, its spec; both paths. Refused, with nothing written, over files unless `force`."""
    if path.suffix != ".py" or not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", path.stem):
        raise Refused([Fault("--task", "a file .py, named by a-z, 0-9 and _", str(path))])
    spec = path.with_suffix(".yaml")
    if there := [one for one in (path, spec) if one.exists() and not (force and one.is_file())]:
        wanted = "no such file yet, or --force to write over it"
        raise Refused([Fault(str(one), wanted, "one that is there") for one in there])
    text = SPEC.format(file=path.name, spec=spec.name, name=path.stem.replace("_", "-"))
    write_text(path, read("training", "tasks/example.py").replace("THIS_FILE.py", path.name))
    write_text(spec, text)
    load_spec.load(spec)
    return [str(path), str(spec)]
