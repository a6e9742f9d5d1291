"""Faults in buffers of whole sequences, and in the table of an embedding."""

from __future__ import annotations

from tests.rtl import test_embedding, test_sequences, test_streams
from tests.rtl.fault import Fault

MIRROR = test_sequences.check_mirror
WHOLE = test_sequences.test_the_longest_sequence_passes_and_nothing_is_told
LIMIT = test_sequences.test_what_comes_behind_the_longest_sequence_is_dropped_and_told
CUT = test_sequences.test_a_vector_that_was_cut_short_is_told_too
ROWS = test_embedding.check_look_up
ADMIT = test_embedding.check_admit
GAPLESS = test_embedding.test_rows_follow_each_other_without_a_gap
IN_STREAMS = [
    Fault("streams/embedding", "number >= 0 and number < tokens", "number < tokens", ADMIT, (5, [1, -1], 1)),
    Fault("streams/embedding", "number < tokens", "number <= tokens", ADMIT, (5, [1, 5], 1)),
    Fault("streams/embedding", "beats.ready and not known", "not known and False", ADMIT, (5, [1, 7, 1], 1)),
    Fault(
        "streams/embedding",
        "            beats.word.next = 0\n",
        "            beats.word.next = low\n",
        ADMIT,
        (5, [1, 7], 1),
    ),
    Fault("streams/embedding", "arriving.word * words", "arriving.word * 1", ROWS, ("three", 1, 1.0)),
    Fault("streams/embedding", "address.next = base + offset", "address.next = base", ROWS, ("three", 1, 1.0)),
    Fault("streams/embedding", "closing and row_ends", "closing", ROWS, ("three", 1, 1.0)),
    Fault(
        "streams/embedding",
        "accepting.next = row_ends or not held\n        arriving.ready.next = row_ends or not held",
        "accepting.next = not held\n        arriving.ready.next = not held",
        GAPLESS,
        ("three",),
    ),
    Fault(
        "streams/embedding",
        "fetching.next = held and (beats.ready or not beats.valid)",
        "fetching.next = held",
        ROWS,
        ("three", 1, 0.3),
    ),
    Fault("streams/mirror", "mirrored.next = second\n", "mirrored.next = not second\n", MIRROR, ("pairs", 0, 1.0)),
    Fault("streams/mirror", "second != (number >= half)", "second != (number > half)", MIRROR, ("crossed", 0, 1.0)),
    Fault("streams/mirror", "second != number[0]", "not second", MIRROR, ("pairs of words in turn", 0, 1.0)),
    Fault(
        "streams/mirror",
        "number == last_even:\n            number.next = 1",
        "number == last_even:\n            number.next = 0",
        MIRROR,
        ("words in turn", 0, 1.0),
    ),
    Fault(
        "streams/receiver",
        "number.next = number + 2",
        "number.next = number + 1",
        test_streams.check_receive,
        (0, 6, True),
    ),
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
