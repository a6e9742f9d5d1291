"""From a spec and integer weights to a proven accelerator. Knows no torch and no vendor tool."""
