"""Faults in modules, by kind: a claim that must refute it, a text of the module, and what stands there instead."""

FILLED = "always @(posedge clk) assume (beats_valid && !issue_going)"
"""Beside a fault that shows in a full memory: beats come and none is taken, which a run to break a claim may choose."""
FAULTS = {
    "fifo": (
        ("order", r"\(end_ready \|\| \(!end_valid\)\)", "1'b1"),
        ("occupancy", r"if \(\(push && \(!fetching\)\)\)", "if (push)"),
        ("order", r"if \(\(head == (\d+)\)\)", r"if ((head == (\1 - 1)))"),
        ("stable", r"else if \(end_ready\)", "else if (!end_ready)"),
        ("stable", r"if \(fetching\) end_word <= ", "end_word <= "),
    ),
    "output_fifo": (
        ("credit", r"reserved < (\d+)\)", r"reserved <= \1)"),
        ("room", r"stream_ready && end_word", "end_word"),
        ("room", r"if \(\(results_reserve && \(!released\)\)\)", "if (results_reserve)"),
        ("stable", r"assign stream_valid = end_valid;", "assign stream_valid = end_valid && !results_valid;"),
        ("room", r"assign end_ready = stream_ready;", "assign end_ready = 1'b1;"),
    ),
    "stream_adapter": (
        ("room", r"reserved < (\d+)\)", r"reserved <= \1)"),
        ("room", r"else if \(\(released && \(!results_reserve\)\)\)", "else if (released && results_reserve)"),
    ),
    "resynchronise": (
        ("whole", r"filling <= \(([^;]*?_last) && \(!ending\)\);", r"filling <= (\1 && ending);"),
        ("begins", r"assign ending = \(number == (\d+)\);", r"assign ending = (number == (\1 - 1));"),
        ("whole", r"beats_ready && \(!filling\)", "beats_ready"),
        ("begins_only", r"surplus <= \(!arriving_last\);", "surplus <= 1'b0;"),
        ("stable", r"if \(filling\) begin", "if (filling || arriving_last) begin"),
    ),
    "receive": (
        ("waits", r"beats_ready = \(!upper_full\)", "beats_ready = (!lower_full)"),
        ("place", r"ping_pong_write_place <= fill0_number", "ping_pong_write_place <= 0"),
        (
            "place",
            r"filling_moving = \(beats_valid && \(!lower_full\)\)",
            "filling_moving = beats_valid && !lower_full && !upper_full",
        ),
        ("place", r"ping_pong_write_bank <= filling_upper", "ping_pong_write_bank <= ping_pong_bank"),
        (
            "frames",
            r"fill0_completing = \(filling_moving && \(fill0_number == (\d+)\)\)",
            r"fill0_completing = (filling_moving && (fill0_number == \1 - 1))",
        ),
        ("frames", r"ping_pong_bank <= \(!ping_pong_bank\)", "ping_pong_bank <= 1"),
        ("final", r"upper_final <= beats_last", "upper_final <= beats_last || upper_final"),
        ("starts", r"ages\[0\] <= ping_pong_final", "ages[0] <= ping_pong_final || ping_pong_release"),
        ("opens", r"if \(\(!ping_pong_take\)\) begin", "if (ping_pong_take) begin"),
        (
            "fresh",
            r"if \(ping_pong_take\) begin\n\s*fresh_once0_awake",
            "if (ping_pong_release) begin\n fresh_once0_awake",
        ),
        ("fresh", r"assign ping_pong_fresh = ping_pong_starts;", "assign ping_pong_fresh = 1'b1;"),
        ("fresh", r"assign ping_pong_fresh = 1'b0;", "assign ping_pong_fresh = ping_pong_starts;"),
        ("set", r"if \(\(filling_moving && filling_upper\)\)", "if (filling_upper)"),
    ),
    "sequence": (
        ("works", r"issue_active <= 1'b0;", "issue_active <= ping_pong_final;"),
        ("address", r"issue_address <= \(issue_address \+ 1\);", "issue_address <= issue_address + 2;"),
        ("address", r"(_ending = \(issue_going && \(issue_address == )(\d+)", r"\1\2 - 1"),
        ("address", r"ends_following = (\d+);", r"ends_following = \1 + 1;"),
        ("groups", r"(issue_last = \(issue_going && \(issue_position == )(\d+)", r"\1\2 - 1"),
        ("groups", r"issue_opening <= 1'b1;", "issue_opening <= 1'b0;"),
        ("release", r" && \(!issue_given\)\);", ");"),
        ("release", r"(ping_pong_release <= \(issue_going && \(issue_address) == (\d+)", r"\1 >= \2 - 1"),
        ("banks", r"if \(\(issue_write_bank == (\d+)\)\)", r"if ((issue_write_bank == \1 - 1))"),
        ("latched", r"issue_final <= ping_pong_final;", "issue_final <= issue_final || ping_pong_final;"),
    ),
    "watch_vectors": (
        (
            "vectors",
            r"fillers_complete = \(moving && \(number == (\d+)\)\)",
            r"fillers_complete = (moving && (number == \1 - 1))",
        ),
        ("mark", r"kept <= marked;", "kept <= axis_tuser;"),
        ("ends", r"assign fillers_ends = beats_last;", "assign fillers_ends = beats_last && arriving;"),
    ),
    "withhold": (
        ("filler", r"made_tvalid && is_real", "made_tvalid && end_valid"),
        ("filler", r"\(axis_tready \|\| \(!is_real\)\)", "axis_tready"),
        ("passed", r"assign axis_tlast = made_tlast;", "assign axis_tlast = end_ready;"),
        ("passed", r"\(axis_tready \|\| \(!is_real\)\)", "1'b1"),
        ("whole", r"if \(\(number == (\d+)\)\)", r"if ((number == \1 - 1))"),
        ("whole", r"made_tready = \(end_valid && (.*)\);", r"made_tready = \1;"),
        ("stable", r"axis_tdata = made_tdata;", "axis_tdata = fillers_complete ? 0 : made_tdata;"),
    ),
    "check_frame": (
        ("waits", r"axis_tready = loading_free", "axis_tready = loading_free || !arriving_opening"),
        (
            "handed",
            r"arriving_closing = \(count_words0_number == \d+\)",
            "arriving_closing = (count_words0_number == 3)",
        ),
        ("handed", r"loading_valid <= \(arriving_moving && \(!arriving_opening\)", "loading_valid <= (arriving_moving"),
        ("handed", r"loading_word <= arriving_word;", "if (!loading_valid) loading_word <= arriving_word;"),
        ("told", r"conclude0_short <= \(!arriving_closing\)", "conclude0_short <= arriving_beyond"),
        ("told", r"status_load_checksum <= conclude0_checksum", "status_load_checksum <= conclude0_shape"),
        ("sets", r"conclude0_short \|\| conclude0_long", "conclude0_long"),
    ),
    "fill": (
        (
            "within",
            r"place_memory_ends = \(place_word_ends && \(place_address == (\d+)\)",
            r"place_memory_ends = (place_word_ends && (place_address == \1 + 1)",
        ),
        ("place", r"store_enable <= place_word_ends", "store_enable <= place_taking && !place_ends"),
        ("place", r"assign address\[(\d+)\] = loading_idle;", r"assign address[\1] = 0;"),
        ("place", r"if \(\(loading_restart \|\| place_memory_ends\)\)", "if (place_memory_ends)"),
        ("word", r"if \(place_taking\) begin\n\s*collected", "if (place_taking && !loading_restart) begin\n collected"),
        ("word", r"collected\[store_word_field\*(\d+)\+0 \+:", r"collected[store_word_field*\1+1 +:"),
        ("place", r"place_word_ends = \(take_turn0_turn && ", "place_word_ends = ("),
        ("turn", r"assign ended = place_ends;", "assign ended = place_memory_ends;"),
    ),
    "count_uses": (
        ("free", r"results_valid && results_closing && results_final && \(!", "results_valid && results_final && (!"),
        ("free", r"loading_free = \(upper == 0\)", "loading_free = (lower == 0)"),
        (
            "free",
            r"ping_pong_turn && ping_pong_leads && ping_pong_weight_set",
            "ping_pong_turn && ping_pong_weight_set",
        ),
    ),
    "choose_set": (
        ("keeps", r"kept\[0\] <= ping_pong_weight_set", "kept[0] <= loading_active"),
        ("keeps", r"if \(ping_pong_starts\)", "if (!ping_pong_turn)"),
    ),
    "streamed_weights": (
        ("room", r"beats_ready = \(reserved < (\d+)\)", rf"beats_ready = (reserved <= \1); {FILLED}"),
        ("streamed", r"issue_streamed = \(held != 0\)", "issue_streamed = (reserved != 0)"),
        ("order", r"if \(\(head == (\d+)\)\)", r"if ((head == 0))"),
    ),
    "recurrent_layer": (
        ("begins", r"(ping_pong_take = \()ping_pong_available && ", r"\1"),
        ("begins", r" && begin_level0_first\)", ")"),
        ("begins", r" && \(!ping_pong_opens\)\)", ")"),
        ("room", r"(_fits|take) = \((.*)results_room", r"\1 = (\2 1'b1"),
        ("room", r"(_fits) = results_room", r"\1 = 1'b1"),
        ("pace", r"(_counted ==) [1-9]\d*\)", r"\1 0)"),
        ("pace", r"(\w+_rest_last =) \d+;", r"\1 0;"),
        ("pace", r"_counted == (\d+)\) && \(!issue_waiting\)\)\)", r"_counted == \1)))"),
    ),
}
FAULTS["head_layer"] = FAULTS["recurrent_layer"]
