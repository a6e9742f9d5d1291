"""What a training ran on. Training repeats bit for bit on one machine, not on another.

torch, oneDNN and MKL choose their kernels by what the processor can do and by the number of threads; each adds up in an
order of its own, so the eighth digit of the first loss differs, and after some epochs whole recordings do.
"""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

import torch

Machine = dict[str, str | int]
"""`cpu`, `capability`, `kernels`, `threads`, `device`, `settings`."""
CPUINFO = Path("/proc/cpuinfo")
SETTINGS = (
    "ATEN_CPU_CAPABILITY",
    "ONEDNN_MAX_CPU_ISA",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
)
"""Environment variables by which a user chooses other kernels."""


def machine(device: torch.device) -> Machine:
    """Everything that decides which kernels a training on `device` uses, as it stands now."""
    return {
        "cpu": cpu(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "kernels": kernels(torch.__config__.show()),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "settings": " ".join(f"{name}={os.environ[name]}" for name in SETTINGS if name in os.environ),
    }


def cpu() -> str:
    """Name and model numbers of the processor as Linux tells them, elsewhere what Python knows."""
    fields = dict(re.findall(r"^([\w ]+?)\s*:\s*(.+)$", CPUINFO.read_text(), re.MULTILINE)) if CPUINFO.is_file() else {}
    if "model name" not in fields:
        return f"{platform.processor() or 'unknown'} ({platform.machine()})"
    numbers = ", ".join(f"{name} {fields[key]}" for name, key in NUMBERS if key in fields)
    return f"{fields['model name']} ({', '.join(filter(None, (platform.machine(), numbers)))})"


NUMBERS = (("family", "cpu family"), ("model", "model"), ("stepping", "stepping"))


def kernels(config: str) -> str:
    """The libraries of a build of torch, from `torch.__config__.show()`."""
    known = (
        ("MKL", r"Math Kernel Library Version ([\w.]+)"),
        ("oneDNN", r"MKL-DNN v([\w.]+)"),
        ("BLAS", r"BLAS_INFO=(\w+)"),
    )
    found = [(name, re.search(pattern, config)) for name, pattern in known]
    return ", ".join(f"{name} {match[1]}" for name, match in found if match) or "unknown"


def told(one: Machine) -> str:
    """A machine in one line of a page."""
    threads = f"{one['threads']} thread{'s' if one['threads'] != 1 else ''}"
    return ", ".join(
        str(part) for part in (one["cpu"], one["capability"], one["kernels"], threads, one["settings"]) if part
    )
