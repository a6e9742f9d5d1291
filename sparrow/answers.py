"""The JSON Schema of what `--json` prints: of each verb the keys that are always there, and what they are.

A reader takes what it knows and leaves the rest: a key that comes later does not change the version, one that goes or
means something else does.
"""

from __future__ import annotations

from typing import Any

from accel.base.files import JSON_SCHEMA

TEXT, WHOLE, NUMBER, FLAG = ({"type": kind} for kind in ("string", "integer", "number", "boolean"))
OBJECT, FILES = {"type": "object"}, {"type": "array", "items": TEXT}
LIST = {"type": "array", "items": OBJECT}
FAULTS = {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["place", "wanted", "got"]}}


def _or_none(kind: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [kind, {"type": "null"}]}


FLOW = {"anyOf": [TEXT, OBJECT, {"type": "array", "minItems": 1, "items": {"anyOf": [TEXT, OBJECT]}}]}
KNOWN = {"enum": ["exact", "estimated", "without zeros"]}
DERIVED = {
    **{"spec": TEXT, "digest": TEXT, "weights": TEXT, "dataflow": FLOW, "cycles": KNOWN, "sequences": LIST},
    **{"lanes": WHOLE, "nonzeros_per_step": WHOLE, "cycles_per_step": WHOLE, "utilisation": NUMBER},
    **{"steps_per_second": NUMBER, "layers": LIST, "tables": LIST, "memory_bits": WHOLE},
}
TRAINED = {"task": TEXT, "models": OBJECT, "layers": LIST, "bits": OBJECT, "seed": WHOLE}
VERIFIED = {
    **{"spec": TEXT, "sequences": WHOLE, "corners": WHOLE, "steps": WHOLE, "lanes": WHOLE, "nonzeros_per_step": WHOLE},
    **{"memories": OBJECT, "coverage": OBJECT, "engines": LIST},
}
ANSWERS: dict[str, dict[str, Any]] = {
    "check": DERIVED,
    "check --lanes, --cycles": {"spec": TEXT, "proposals": LIST},
    "train": TRAINED,
    "import": {"layers": LIST, "bits": OBJECT},
    "new": {"file": TEXT},
    "new --task, generate, report": {"files": FILES},
    "verify": VERIFIED,
    "run": {
        **{"spec": TEXT, "digest": TEXT, "derived": OBJECT, "schedule": OBJECT, "training": OBJECT, "verify": OBJECT},
        **{"versions": OBJECT, "resolved": OBJECT, "steps": OBJECT, "files": FILES},
    },
    "evaluate": {"metric": TEXT, "answers": WHOLE, "golden": NUMBER, "float": _or_none(NUMBER)},
    "explore": {"spec": TEXT, "points": LIST, "sentences": FILES},
    "build": {"utilization": OBJECT, "timing": OBJECT, "files": FILES},
    "build --plan": {"files": FILES},
    "package": {"files": FILES, "bench": TEXT, "inline": FLAG, "manifest": WHOLE},
    "wave": {"bench": TEXT, "files": FILES},
    "doctor": {"tools": LIST},
    "any that refuses": {"refused": FAULTS},
}
"""By the verbs that print them, with the options that matter."""


def schema() -> dict[str, Any]:
    """The JSON Schema: any of the forms, each a definition by the name of its verb."""
    forms = {verb: _form(verb, keys) for verb, keys in ANSWERS.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What sparrow prints with --json",
        "$defs": forms,
        "anyOf": [{"$ref": f"#/$defs/{verb.replace(' ', '%20')}"} for verb in forms],
    }


def _form(verb: str, keys: dict[str, Any]) -> dict[str, Any]:
    properties = {"schema": {"const": JSON_SCHEMA}, **keys}
    return {"title": f"sparrow {verb}", "type": "object", "required": list(properties), "properties": properties}
