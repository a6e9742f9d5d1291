"""When everything happens: exact cycles of a design, and the spec as it is admitted."""
