"""What follows from a spec and the nonzeros per row: arrays, networks, cells, latencies. No decision."""
