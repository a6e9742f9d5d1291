"""The spec: one YAML file, read once at the border into frozen objects. Decisions only."""

from accel.spec.checked import checked
from accel.spec.dataflow import BALANCES, DATAFLOWS, MIXED, WALKS, WRITTEN, Flow, Walk
from accel.spec.engine import Engine
from accel.spec.json_schema import schema
from accel.spec.network import Formats, Head, Model, Search, Weights, divisors, nonzeros_of
from accel.spec.rules import HIGHWAY_ONLY
from accel.spec.source import Source
from accel.spec.spec import Spec
from accel.spec.training import Training
from accel.spec.types import Section, plain

__all__ = [
    "BALANCES",
    "DATAFLOWS",
    "HIGHWAY_ONLY",
    "MIXED",
    "WALKS",
    "WRITTEN",
    "Engine",
    "Flow",
    "Formats",
    "Head",
    "Model",
    "Search",
    "Section",
    "Source",
    "Spec",
    "Training",
    "Walk",
    "Weights",
    "checked",
    "divisors",
    "nonzeros_of",
    "plain",
    "schema",
]
