"""Faults in buffers of whole sequences."""

from __future__ import annotations

from tests.rtl import test_sequences
from tests.rtl.fault import Fault

MIRROR = test_sequences.check_mirror
WHOLE = test_sequences.test_the_longest_sequence_passes_and_nothing_is_told
LIMIT = test_sequences.test_what_comes_behind_the_longest_sequence_is_dropped_and_told
CUT = test_sequences.test_a_vector_that_was_cut_short_is_told_too
IN_STREAMS = [
    Fault("streams/mirror", "mirrored.next = second\n", "mirrored.next = not second\n", MIRROR, ("pairs", 0, 1.0)),
    Fault("streams/mirror", "second != (number >= half)", "second != (number > half)", MIRROR, ("crossed", 0, 1.0)),
    Fault("streams/mirror", "behind.next = behind - beats", "behind.next = behind - 0", MIRROR, ("pairs", 0, 1.0)),
    Fault(
        "streams/mirror", "            ahead.next = end\n", "            ahead.next = begin\n", MIRROR, ("last", 0, 1.0)
    ),
    Fault(
        "streams/mirror",
        "arriving.ready.next = not lower.full\n            moving.next = arriving.valid and not lower.full",
        "arriving.ready.next = True\n            moving.next = arriving.valid",
        MIRROR,
        ("pairs", 0, 0.3),
    ),
    Fault("streams/mirror", "upper.full and not reading.active", "upper.full", MIRROR, ("wide pairs", 0, 0.3)),
    Fault(
        "streams/mirror",
        "leaving.last.next = reading.finishing",
        "leaving.last.next = False",
        MIRROR,
        ("pairs", 0, 1.0),
    ),
    Fault("streams/limit", "arriving.valid and not surplus", "arriving.valid", LIMIT, (2, 4, 0)),
    Fault("streams/limit", "arriving.last or at_limit\n", "arriving.last\n", LIMIT, (2, 4, 0)),
    Fault("streams/limit", "at_limit and not arriving.last", "at_limit", WHOLE),
    Fault("streams/limit", "torn.next = cut or overlong", "torn.next = overlong", CUT),
]
