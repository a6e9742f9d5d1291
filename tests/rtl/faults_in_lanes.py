"""Faults in what the lanes are made of."""

from __future__ import annotations

from tests.rtl import test_lane_array, test_pairs, test_partial_sums, test_sequencing, test_slots, test_sums, test_units
from tests.rtl.fault import Fault

TERNARY = (False, 2, lambda code: code, 1)
BINARY = (False, 1, lambda code: -1 if code else 1, 1)
TWO_SUMS = (test_units.UNITS["a row with two sums"],)
X_FIRST = (test_sequencing.KINDS["x first"],)
LEVELS = (test_sequencing.KINDS["levels"],)
PAIRS = test_pairs.test_both_products_of_a_multiplier_are_exact
PAIRED_ROWS = test_pairs.test_lanes_at_the_same_place_of_two_rows_share_a_multiplier
IN_LANES = [
    Fault(
        "lanes/products",
        "weights[n] * operands[n % read]",
        "weights[n] * operands[0]",
        test_sums.test_a_weight_times_an_operand_comes_a_cycle_later,
        (True, 6, int, 1),
    ),
    Fault(
        "lanes/products",
        "if weight[n] < 0:\n                products[n].next = -wide[n % read]\n            else",
        "if weight[n] >= 0:\n                products[n].next = -wide[n % read]\n            else",
        test_sums.test_a_weight_times_an_operand_comes_a_cycle_later,
        BINARY,
    ),
    Fault(
        "lanes/products",
        "elif weight[n] > 0:",
        "elif weight[n] >= 0:",
        test_sums.test_a_weight_times_an_operand_comes_a_cycle_later,
        TERNARY,
    ),
    Fault(
        "lanes/totals",
        "(lanes):\n            if first:",
        "(lanes):\n            if not first:",
        test_sums.test_products_add_up_from_the_first_one_on,
    ),
    Fault(
        "lanes/totals",
        "            if of_h[m]:",
        "            if of_h[0]:",
        test_sums.test_the_last_row_has_a_sum_of_its_products_with_x_and_one_of_those_with_h,
    ),
    Fault(
        "lanes/totals",
        "i[r * before + before - 1]",
        "i[before - 1]",
        test_sums.test_the_lanes_of_a_row_are_added_in_as_many_cycles_as_the_tree_has_levels,
        (3,),
    ),
    Fault(
        "lanes/totals",
        "            shift_out.next = shift_in",
        "            shift_out.next = shift_out",
        test_sums.test_totals_are_captured_side_by_side_or_the_neighbours_shift_on,
    ),
    Fault(
        "lanes/partial_sums",
        "begun.next = word",
        "begun.next = 0",
        test_partial_sums.test_the_x_sums_of_a_unit_come_back_for_their_group_and_zeros_where_sums_begin,
        ("one lane",),
    ),
    Fault(
        "lanes/partial_sums",
        "        else:\n            begun.next = 0",
        "        else:\n            begun.next = word",
        test_partial_sums.test_the_x_sums_of_a_unit_come_back_for_their_group_and_zeros_where_sums_begin,
        ("one lane",),
    ),
    Fault(
        "lanes/partial_sums",
        "issue.ahead, ahead.write, capture_delay(array))",
        "issue.ahead, ahead.write, capture_delay(array) - 1)",
        test_partial_sums.test_sums_are_written_with_the_totals_and_read_in_time_for_the_first_products,
        ("three lanes, operand register",),
    ),
    Fault(
        "lanes/partial_sums",
        "ahead.read_group, read, array.groups)",
        "ahead.write_group, read, array.groups)",
        test_partial_sums.test_the_x_sums_of_a_unit_come_back_for_their_group_and_zeros_where_sums_begin,
        ("one lane",),
    ),
    Fault(
        "lanes/partial_sums",
        "for r in range(rows):\n            if first:\n                totals[r * per_row].next = begun[r] + added",
        "for r in range(rows):\n            if first:\n                totals[r * per_row].next = begun[0] + added",
        test_partial_sums.test_the_first_lane_of_each_row_goes_on_from_what_its_row_had_begun,
        (3,),
    ),
    Fault(
        "lanes/partial_sums",
        "                totals[last].next = begun[rows - 1]\n",
        "                totals[last].next = 0\n",
        test_partial_sums.test_of_a_row_with_two_sums_the_one_over_x_goes_on,
        (1,),
    ),
    Fault(
        "lanes/lane_array",
        "write.place[0] == way",
        "write.place[0] != way",
        test_lane_array.test_every_unit_has_its_sums_at_its_slot,
        ("lanes of its own for each direction",),
    ),
    Fault(
        "lanes/sequencer",
        "elif last or (ahead and turning):",
        "elif last:",
        test_sequencing.test_a_step_goes_through_its_addresses_group_after_group,
        X_FIRST,
    ),
    Fault(
        "lanes/sequencer",
        "resume.next = position != 0 and position == restart",
        "resume.next = position == restart",
        test_sequencing.test_a_step_goes_through_its_addresses_group_after_group,
        (test_sequencing.KINDS["x first in the first level alone"],),
    ),
    Fault(
        "lanes/levels",
        "(count or array.cycles_per_group) - 1",
        "(count or 1) - 1",
        test_sequencing.test_where_what_comes_ahead_ends_follows_the_level,
        ("x first in the first level alone", [4, 0]),
    ),
    Fault(
        "lanes/fetch",
        "sign = (1 << width) - 1, 1 << (width - 1)",
        "sign = (1 << width) - 1, 0",
        test_sums.test_the_values_of_a_word_come_a_cycle_later_and_wait_another,
    ),
    Fault(
        "lanes/fetch",
        "                elif from_h[m]:",
        "                elif from_h[0]:",
        test_units.test_an_operand_is_what_was_written_at_its_index_of_x_or_of_h_or_nothing,
        (test_units.COPIES["two lanes, operand register"],),
    ),
    Fault("lanes/pairs", "(both[n] >> width) + (product < 0)", "both[n] >> width", PAIRS, (2, 2)),
    Fault("lanes/pairs", "(high << between + width) + low", "(high << between + width) + (low & mask)", PAIRS, (2, 2)),
    Fault("lanes/pairs", "low = pair + pair // per_row * per_row", "low = 2 * pair", PAIRED_ROWS, (4, 0)),
    Fault(
        "lanes/weighing",
        "weigh(clk, stored[waits], operand",
        "weigh(clk, stored[0], operand",
        test_pairs.test_words_are_weighed_whether_lanes_share_multipliers_or_not,
        (False, 1),
    ),
    Fault(
        "lanes/unit",
        "register(clk, reading.of_h, with_operand), register(clk, with_operand, of_h)",
        "register(clk, reading.of_h, of_h),",
        test_units.test_a_units_words_and_operands_end_as_exact_sums_in_its_shift_register,
        TWO_SUMS,
    ),
    Fault(
        "lanes/unit",
        "register(clk, of_h, meanwhile), register(clk, meanwhile, parts)",
        "register(clk, of_h, parts)",
        test_units.test_a_units_words_and_operands_end_as_exact_sums_in_its_shift_register,
        (test_units.UNITS["a row with two sums, multiplier registers"],),
    ),
    Fault(
        "lanes/unit",
        "waits = 1 + array.operand_register + array.multiplier_registers",
        "waits = 1 + array.multiplier_registers",
        test_units.test_a_units_words_and_operands_end_as_exact_sums_in_its_shift_register,
        (
            test_units.UNITS["two products a multiplier"]
            | {"engine": {"lanes_per_row": 2, "cells_per_cycle": 2, "operand_register": True, "pack": True}},
        ),
    ),
    Fault(
        "lanes/unit",
        "waits = 1 + array.operand_register + array.multiplier_registers",
        "waits = 1 + array.operand_register",
        test_units.test_a_units_words_and_operands_end_as_exact_sums_in_its_shift_register,
        (test_units.UNITS["two products a multiplier, a row with two sums, registers"],),
    ),
    Fault(
        "lanes/unit",
        "    waiting = register(clk, with_operand, of_h)",
        "    waiting = register(clk, of_h, with_operand)",
        test_units.test_a_dense_units_words_meet_the_operands_that_all_share,
        ("gru", False),
    ),
    Fault(
        "lanes/lane_array",
        "issue.last, capture, capture_delay(array))",
        "issue.last, capture, capture_delay(array) - 1)",
        test_lane_array.test_every_unit_has_its_sums_at_its_slot,
        ("one lane a row",),
    ),
    Fault(
        "lanes/lane_array",
        "scratchpad(clk, issue.weight_set,",
        "scratchpad(clk, issue.active,",
        test_lane_array.test_loaded_words_are_those_of_the_set_that_a_step_began_with,
    ),
    Fault(
        "lanes/streamed_weights",
        "issue.streamed.next = held != 0",
        "issue.streamed.next = True",
        test_lane_array.test_fed_words_are_held_ahead_and_come_in_their_order,
        (32, 0),
    ),
    Fault(
        "lanes/streamed_weights",
        "        beats.ready.next = held < room",
        "        beats.ready.next = True",
        test_lane_array.test_fed_words_are_held_ahead_and_come_in_their_order,
        (32, 0),
    ),
    Fault(
        "lanes/lane_control",
        "without.next = past or (fresh and from_h)",
        "without.next = past",
        test_sequencing.test_a_lane_reads_its_x_then_its_h_then_nothing,
        ({},),
    ),
    Fault(
        "lanes/lane_control",
        "bank.next = old_bank != (late and behind)",
        "bank.next = old_bank != late",
        test_sequencing.test_a_lane_of_layers_reads_x_or_its_own_h_and_what_the_layer_in_front_has_made_last,
    ),
    Fault(
        "lanes/lane_control",
        "clear.next = past or (fresh and own)",
        "clear.next = past or (fresh and late)",
        test_sequencing.test_a_lane_of_layers_reads_x_or_its_own_h_and_what_the_layer_in_front_has_made_last,
    ),
    Fault(
        "lanes/sequencer",
        "moves = ping_pong.take if layers else turn",
        "moves = turn",
        test_sequencing.test_a_step_goes_through_its_addresses_group_after_group,
        (test_sequencing.SHARED,),
    ),
    Fault(
        "lanes/lane_control",
        "if position >= x_slots:",
        "if position > x_slots:",
        test_sequencing.test_lanes_of_a_dense_row_count_the_columns_that_they_read,
        ({"sparsity": test_sequencing.DENSE},),
    ),
    Fault(
        "lanes/levels",
        "[start - 1 for start in starts[1:]]",
        "[start for start in starts[1:]]",
        test_sequencing.test_what_lanes_do_and_where_a_level_ends_follow_the_level,
    ),
    Fault(
        "lanes/sequencer",
        "issue.going and issue.address == release_at and not issue.given",
        "issue.going and issue.address == release_at",
        test_sequencing.test_a_step_goes_through_its_addresses_group_after_group,
        (test_sequencing.KINDS["given states, two streams, loaded"],),
    ),
    Fault(
        "lanes/sequencer",
        "            address.next = following",
        "            address.next = 0",
        test_sequencing.test_a_step_goes_through_its_addresses_group_after_group,
        LEVELS,
    ),
    Fault(
        "lanes/sequencer",
        "issue.going.next = active and issue.streamed",
        "issue.going.next = active",
        test_sequencing.test_a_step_goes_through_its_addresses_group_after_group,
        (test_sequencing.KINDS["fed"],),
    ),
    Fault(
        "lanes/slots",
        "number == last_slot or slot.beat == last_beat",
        "number == last_slot",
        test_slots.test_the_slots_of_a_group_follow_its_capture_one_after_the_other,
        (test_slots.SLOTS["two cells, a rest"],),
    ),
    Fault(
        "lanes/slots",
        "slot.valid and not slot.given",
        "slot.valid",
        test_slots.test_the_slots_of_a_group_follow_its_capture_one_after_the_other,
        (test_slots.SLOTS["given states, loaded"],),
    ),
]
