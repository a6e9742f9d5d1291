"""Where an LSTM is made small: tasks, pruning, quantisation, and the integers that leave for `accel`."""
