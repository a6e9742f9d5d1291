"""Faults in what makes a layer by columns."""

from __future__ import annotations

from accel.architecture.vector import Vector
from tests.rtl import test_column_layer, test_column_queues, test_column_steps, test_column_sums
from tests.rtl.fault import Fault

COUNT = test_column_queues.test_elements_that_count_come_in_order_and_every_vector_ends
SUMS = test_column_sums.test_products_that_follow_each_other_on_a_row_all_count
UNIT = test_column_sums.test_a_unit_adds_its_weights_times_the_operand_to_the_rows_that_its_word_names
WALK = test_column_steps.test_a_step_takes_its_columns_of_x_then_those_of_h_with_all_their_weights
DRAINED = test_column_steps.test_steps_are_drained_group_by_group_when_they_are_through_and_their_results_fit
CLEARED = test_column_steps.test_accumulators_are_cleared_once_and_used_by_one_step_at_a_time
LANES = test_column_steps.test_the_lanes_hand_on_the_exact_sums_of_a_group
LAYER = test_column_layer.test_a_layer_by_columns_makes_every_h_of_its_sequences
LOADED = "a GRU by columns, loaded"
IN_COLUMNS = [
    Fault(
        "columns/operand_queue",
        "values[e] <= low) and (e < rest or number != last)",
        "values[e] <= low)",
        COUNT,
        (Vector(3, 2, 4, 0), None, 0),
    ),
    Fault(
        "columns/operand_queue",
        "entry.valid and (entry.end or entry.mask != 0)",
        "entry.valid and entry.mask != 0",
        COUNT,
        (Vector(3, 2, 4, 0), None, 0),
    ),
    Fault("columns/operand_queue", "values[e] >= high", "values[e] > high", COUNT, (Vector(6, 1, 4, 0), 3, 0)),
    Fault(
        "columns/operand_queue",
        "last.next = held.ending and held.rest == 0",
        "last.next = held.ending",
        COUNT,
        (Vector(2, 4, 4, 0), None, 1),
    ),
    Fault(
        "columns/row_feed",
        "base.next = base + per_row",
        "base.next = base + 1",
        test_column_queues.test_rows_are_offered_as_long_as_there_is_an_x,
    ),
    Fault(
        "columns/row_feed",
        "release.next = ending and free",
        "release.next = ending",
        test_column_queues.test_x_is_given_back_when_its_last_row_is_done,
    ),
    Fault(
        "columns/row_feed",
        "operand[n].next = x[n]",
        "operand[n].next = x[0]",
        test_column_queues.test_a_lane_reads_the_x_of_its_own_weight_or_takes_what_all_share,
    ),
    Fault("columns/accumulators", "near and read[n] == added[n]", "read[n] == added[n]", SUMS, (2, False)),
    Fault("columns/accumulators", "if middle and read[n] == summed[n]:", "if middle:", SUMS, (2, False)),
    Fault("columns/accumulators", "elif far and read[n] == written[n]:", "elif False:", SUMS, (2, False)),
    Fault("columns/accumulators", "        if of_h:", "        if not of_h:", SUMS, (2, True)),
    Fault(
        "columns/column_unit",
        "tell_part(clk, shared, of_h, array, 1)",
        "tell_part(clk, shared, of_h, array, 2)",
        UNIT,
        (False, "gru"),
    ),
    Fault(
        "columns/column_unit",
        "word, rows, lanes, lanes * array.weight_width",
        "word, rows, lanes, 0",
        UNIT,
        (False, "lstm"),
    ),
    Fault("columns/mixed_unit", "int(row) if from_x else", "int(row) if not from_x else", UNIT, (True, "lstm")),
    Fault(
        "columns/mixed_unit",
        "tell_part(clk, shared, of_h, array, 2)",
        "tell_part(clk, shared, of_h, array, 1)",
        UNIT,
        (True, "gru"),
    ),
    Fault("columns/traversal", "(turn.started or bank_free)", "True", WALK, ("by columns",)),
    Fault(
        "columns/traversal",
        "elif h_taken and not h.void:\n            remaining",
        "elif h_taken:\n            remaining",
        WALK,
        ("by columns",),
    ),
    Fault(
        "columns/traversal",
        "traversal.bank.next = traversal.next_bank",
        "traversal.bank.next = not traversal.next_bank",
        WALK,
        ("x by rows",),
    ),
    Fault("columns/drain", "results.room or not final", "results.room", DRAINED, ("by columns", False)),
    Fault("columns/drain", "waiting != 0 and free and fits", "waiting != 0 and fits", DRAINED, ("x by rows", True)),
    Fault("columns/drain", "bank_free.next = cleared and not upper_used", "bank_free.next = not upper_used", CLEARED),
    Fault(
        "columns/column_array",
        "reading, steering.capture, DRAIN_TO_CAPTURE)",
        "reading, steering.capture, 1)",
        LANES,
        ("by columns",),
    ),
    Fault(
        "columns/column_array",
        "steering.clear_upper.next = (reading and bank) or not cleared",
        "steering.clear_upper.next = not cleared",
        LANES,
        ("by columns",),
    ),
    Fault(
        "columns/column_array",
        "traversal.from_x, reading.from_x, ADDRESS_TO_FETCH + 1)",
        "traversal.from_x, reading.from_x, ADDRESS_TO_FETCH)",
        LANES,
        ("x by rows",),
    ),
    Fault(
        "columns/column_array",
        "scratchpads(clk, traversal, words",
        "scratchpads(clk, Traversal(array), words",
        LANES,
        (LOADED,),
    ),
    Fault("columns/column_layer", "h.enable and not final", "h.enable", LAYER, ("by columns", True)),
    Fault("columns/column_layer", "held.next = given", "held.next = 0", LAYER, ("by columns", True)),
    Fault("columns/column_layer", "if held > most:", "if held < most:", LAYER, ("by columns", True)),
]
