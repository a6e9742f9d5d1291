"""The verbs of the command, in the order in which `sparrow --help` has them."""
