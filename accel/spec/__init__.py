"""The spec: one YAML file, read once at the border into frozen objects. Decisions only."""

from accel.spec.by_layer import LayerFormats, Signals, common, of_all, of_layer
from accel.spec.checked import checked
from accel.spec.dataflow import BALANCES, DATAFLOWS, MIXED, TRAVERSALS, WRITTEN, Flow, Traversal
from accel.spec.engine import Engine
from accel.spec.incoming import Incoming
from accel.spec.json_schema import schema
from accel.spec.network import Formats, Head, Model, Search, Tables, Weights, divisors, nonzeros_of
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
    "TRAVERSALS",
    "WRITTEN",
    "Engine",
    "Flow",
    "Formats",
    "Head",
    "Incoming",
    "LayerFormats",
    "Model",
    "Search",
    "Section",
    "Signals",
    "Source",
    "Spec",
    "Tables",
    "Training",
    "Traversal",
    "Weights",
    "checked",
    "common",
    "divisors",
    "nonzeros_of",
    "of_all",
    "of_layer",
    "plain",
    "schema",
]
