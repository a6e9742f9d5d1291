"""The cell stage: gates, Hadamard products, scales of rows, and the count of what was clipped."""
