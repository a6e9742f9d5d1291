"""Faults in the cell stage."""

from __future__ import annotations

from tests.rtl import test_cells, test_status
from tests.rtl.fault import Fault

MADE = test_cells.test_a_cell_makes_what_its_list_says_when_it_says
LEVELS = test_cells.test_levels_that_are_not_alike_come_at_the_same_times_and_each_tells_its_own_clips
CLIPPED = test_status.test_what_clips_in_real_slots_is_counted_by_its_format_without_units_that_do_not_exist
COUNTED = test_status.test_flags_of_valid_cycles_are_counted_of_a_closing_one_those_that_are_present
LSTM, CLIPS = (test_cells.CELLS["LSTM"],), (test_cells.CELLS["LSTM that clips"],)
IN_CELLS = [
    Fault(
        "cells/exact",
        "a_wide - b_wide",
        "b_wide - a_wide",
        test_cells.test_an_exact_operation_keeps_every_bit,
        (*test_cells.EXACT["mix"], False),
    ),
    Fault(
        "cells/exact",
        "add(clk, a_aligned, b_aligned, o)",
        "add(clk, a_aligned, a_aligned, o)",
        test_cells.test_an_exact_operation_keeps_every_bit,
        (*test_cells.EXACT["sum, the first one coarser"], False),
    ),
    Fault(
        "cells/exact",
        "multiply(clk, a_late, b_late, o)",
        "multiply(clk, a_late, b, o)",
        test_cells.test_an_exact_operation_keeps_every_bit,
        (*test_cells.EXACT["product"], True),
    ),
    Fault(
        "cells/cell",
        "drop(exact, rounded, constants.dropped)",
        "drop(exact, rounded, constants.dropped - 1)",
        MADE,
        LSTM,
    ),
    Fault("cells/cell", "start - at[operand]))", "0))", MADE, LSTM),
    Fault("cells/cell", "index[len(index) :]", "index[len(index) :] ^ 1", MADE, LSTM),
    Fault("cells/cell", "clips(clk, rounded, clipped, width)", "clips(clk, rounded, clipped, width + 1)", MADE, CLIPS),
    Fault("cells/cell", "clamp(clk, wide, index)", "clamp(clk, rounded, index)", MADE, LSTM),
    Fault(
        "cells/cell",
        "wiring.values | {level.carried: carried}",
        "wiring.values",
        test_cells.test_h_of_a_gru_follows_a_state_that_is_given_in_place_of_what_is_kept,
    ),
    Fault("cells/cell_in_levels", "if level == place:", "if level != place:", LEVELS),
    Fault("cells/cell_in_levels", "i and level == place", "i", LEVELS),
    Fault(
        "cells/scale",
        "factors((r + 1) * narrow, r * narrow)",
        "factors(narrow, 0)",
        test_status.test_every_total_of_a_slot_is_multiplied_by_its_own_factor,
        ("lstm", "rom"),
    ),
    Fault(
        "cells/scale",
        "scratchpad(clk, slot.weight_set,",
        "scratchpad(clk, slot.final,",
        test_status.test_every_total_of_a_slot_is_multiplied_by_its_own_factor,
        ("lstm", "scratchpad"),
    ),
    Fault("cells/status", "lower + upper", "lower", test_status.test_flags_are_counted_in_a_tree, (8,)),
    Fault("cells/status", "held.next = real", "held.next = word", COUNTED, (3, 2)),
    Fault(
        "cells/status", "awake.next = not reset", "awake.next = reset", test_status.test_steps_and_cycles_are_counted
    ),
    Fault(
        "cells/status",
        "delay(clk, reset, slot.real, valid, latency)",
        "delay(clk, reset, slot.valid, valid, latency)",
        CLIPPED,
        ("lstm",),
    ),
    Fault(
        "cells/status",
        "(array.output_beats - 1) * array.cells",
        "(array.output_beats - 2) * array.cells",
        CLIPPED,
        ("lstm",),
    ),
]
