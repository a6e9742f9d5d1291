"""AXI4-Stream at the borders: vectors in, results out, weights loaded."""
