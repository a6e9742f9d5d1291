"""Run by torchrun in test_distributed.py: the small task through the whole pipeline."""

import json
import sys
from pathlib import Path

import torch

from accel.progress import silent
from accel.spec import parse
from tests.training.small import task
from tests.training.test_text import chars
from training import pipeline

torch.set_num_threads(1)
which, spec, work = sys.argv[1:]
pipeline.tasks.load = lambda spec: chars() if which == "text" else task()
pipeline.run(parse(json.loads(spec)), Path(work), silent)
