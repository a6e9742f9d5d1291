"""The chain of proof: what every result depends on, and the work folder that keeps it."""
