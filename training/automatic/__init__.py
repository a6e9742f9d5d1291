"""Number formats by themselves: the fewest bits with which h_t of every layer stays near the float network's."""
