"""Faults in what makes a layer by rows, or a linear one."""

from __future__ import annotations

from tests.rtl import test_begin, test_between, test_linear, test_recurrent_layer, test_slots, test_state
from tests.rtl.fault import Fault

STEP = test_begin.test_a_step_begins_with_its_x_its_room_and_its_interval
TURN = test_begin.test_a_turn_that_takes_a_state_needs_a_bank_that_was_read_and_a_last_step_room_for_its_own
HELD = test_begin.test_a_state_of_the_accelerators_own_waits_for_no_x
LEVEL = test_begin.test_levels_behind_the_first_begin_as_soon_as_their_interval_has_passed
ACTIVATION = test_linear.test_an_activation_makes_of_every_sum_what_the_golden_model_does
ANSWER = test_linear.test_a_linear_layer_answers_every_x_when_the_schedule_says
LARGEST = test_linear.test_the_largest_logit_wins_the_lowest_on_a_tie
POOL = test_linear.test_a_pool_gives_the_largest_or_the_mean_of_a_sequences_steps
FOUND = test_state.test_a_cell_finds_what_it_kept_for_its_stream_or_zero_where_a_sequence_begins
WRITTEN = test_state.test_h_goes_to_the_lanes_from_every_slot_and_leaves_from_real_ones
TAKEN = test_state.test_frames_of_states_are_kept_in_the_turns_that_take_them
LEFT = test_state.test_the_state_of_a_sequences_last_step_leaves_in_a_frame
OWN = test_state.test_the_turn_that_takes_a_state_of_the_accelerators_own_keeps_its_constants
LAYER = test_recurrent_layer.test_a_layer_makes_every_h_of_its_sequences
LATER = test_slots.test_slots_meet_the_totals_of_their_group_and_may_wait_for_scales
CLIPPED = test_between.check_clip
SUMMED = test_between.check_sum
ROOM = test_between.check_room
CLIPPING = test_between.clipping
LOADED = test_slots.SLOTS["given states, loaded"]
IN_ROWS = [
    Fault("rows/between", "word((n + 1) * width, n * width)", "word(width, 0)", CLIPPED, ("relu", 1)),
    Fault("rows/between", "o, cycles) for i", "o, cycles + 1) for i", CLIPPED, ("relu", 1)),
    Fault("rows/between", "(results.closing, linked.closing)", "(results.final, linked.closing)", CLIPPED, ("relu", 1)),
    Fault(
        "rows/between",
        "room.next = linked.room",
        "room.next = linked.room or results.reserve",
        ROOM,
        (test_between.clipping,),
    ),
    Fault(
        "rows/between",
        "entering.next = beats.valid and beats.ready",
        "entering.next = beats.valid",
        SUMMED,
        ((6, 4), 1),
    ),
    Fault("rows/between", "number < forward or number >= backward", "number < forward", SUMMED, ((6, 4), 1, True)),
    Fault("rows/between", "results.valid and results.final", "results.valid", SUMMED, ((6, 4), 1, False, True)),
    Fault("rows/between", "x_word((n + 1) * len(x[n]), n * len(x[n]))", "x_word(len(x[n]), 0)", SUMMED, ((6, 4), 1)),
    Fault("rows/between", "residual.frac - residual.out.frac,", "1,", SUMMED, ((6, 4), 1)),
    Fault(
        "rows/begin",
        "take.next = available and rested and room\n",
        "take.next = available and rested\n",
        STEP,
        (2, False, True),
    ),
    Fault("rows/begin", "elif counted == last and not waiting:", "elif counted == last:", STEP, (5, True, True)),
    Fault("rows/begin", "room and (state_room or not final)", "room", TURN, (True,)),
    Fault("rows/begin", "states.available and unread and rested", "states.available and rested", TURN, (False,)),
    Fault("rows/begin", "take or (rested and opens)", "take or (rested and opens and available)", HELD, (True,)),
    Fault(
        "rows/begin",
        "by_level(level, rest_last, [max(interval - 2, 0)",
        "by_level(level, rest_last, [interval - 1",
        LEVEL,
        (True,),
    ),
    Fault("rows/activation", "elif units >= most:", "elif units > most:", ACTIVATION, ("hard_tanh",)),
    Fault(
        "rows/activation",
        "observed.out_valid.next = valid",
        "observed.out_valid.next = not valid",
        ACTIVATION,
        ("relu",),
    ),
    Fault("rows/head", "beat == 0 or logit > largest", "beat == 0 or logit >= largest", LARGEST),
    Fault("rows/head", "align(stored, aligned, bias_shift)", "align(stored, aligned, 0)", ANSWER, ("logits",)),
    Fault(
        "rows/head",
        "delay(clk, reset, slot.valid, valid, latency)",
        "delay(clk, reset, slot.valid, valid, latency + 1)",
        ANSWER,
        ("relu",),
    ),
    Fault("rows/pool", "if fresh or h > before:", "if h > before:", POOL, (1, "max")),
    Fault(
        "rows/pool", "words.counts.next = steps < longest", "words.counts.next = steps <= longest", POOL, (1, "mean")
    ),
    Fault("rows/pool", "highest = pool.longest - 1", "highest = pool.longest - 2", POOL, (2, "mean")),
    Fault(
        "rows/cell_path",
        "[slot.beat, slot.stream] if array.streams > 1",
        "[slot.beat] if array.streams > 1",
        FOUND,
        (3, "lstm"),
    ),
    Fault("rows/cell_path", "            c_before.next = 0", "            c_before.next = stored", FOUND, (1, "lstm")),
    Fault("rows/cell_path", "results.valid.next = real and final", "results.valid.next = real", WRITTEN, (False,)),
    Fault(
        "rows/cell_path",
        "slot.leaving if array.levels > 1 else slot.real",
        "slot.real",
        test_state.test_only_the_last_level_of_a_step_leaves,
    ),
    Fault(
        "rows/cell_path",
        "gather([slot.beat, slot.level], place)",
        "gather([slot.level, slot.beat], place)",
        test_state.test_biases_come_with_their_slot,
        ("levels",),
    ),
    Fault("rows/initial_state", "            bank.next = not bank", "            bank.next = bank", TAKEN, ("lstm", 1)),
    Fault("rows/initial_state", "valid and closing and taken", "valid and closing", TAKEN, ("lstm", 1)),
    Fault(
        "rows/initial_state",
        "(len(carried_c)), values - array.cells",
        "(len(carried_c)), 0",
        TAKEN,
        ("lstm", 0),
    ),
    Fault(
        "rows/initial_state",
        "results.valid.next = is_real and is_final",
        "results.valid.next = is_real",
        LEFT,
        ("lstm", 0),
    ),
    Fault("rows/initial_state", "cell_to_state(array)) for", "0) for", LEFT, ("lstm", 0)),
    Fault(
        "rows/initial_state",
        "    if not array.writable:",
        "    if array.writable:",
        test_state.test_no_state_is_taken_before_there_are_weights,
        (False,),
    ),
    Fault("rows/held_state", "slot.given, taken, latency)", "slot.given, taken, latency - 1)", OWN, ("lstm",)),
    Fault("rows/held_state", "held.words[0]", "held.words[-1]", OWN, ("lstm",)),
    Fault(
        "rows/layer",
        "c_words = [c_before((e + 1) * c_width, e * c_width)",
        "c_words = [c_before(c_width, 0)",
        LAYER,
        ("GRU, two cells", True),
    ),
    Fault(
        "rows/layer",
        "sequence(clk, reset, ping_pong, issue, array, layer.release_at)",
        "sequence(clk, reset, ping_pong, issue, array, 0)",
        LAYER,
        ("GRU that resets first", True),
    ),
    Fault(
        "rows/slot_path",
        "slot_delay(array) - scale_delay(array) - 1",
        "slot_delay(array) - scale_delay(array)",
        LATER,
        (LOADED,),
    ),
    Fault(
        "rows/slot_path",
        "delay(clk, reset, early.beat, slot.beat, cycles)",
        "delay(clk, reset, early.beat, slot.beat, 0)",
        LATER,
        (LOADED,),
    ),
    Fault(
        "rows/slot_path",
        "slot_later(clk, reset, early, slot, scale_delay(array), array)",
        "slot_later(clk, reset, early, slot, 0, array)",
        test_recurrent_layer.test_scaled_totals_meet_slots_that_come_as_much_later,
    ),
]
