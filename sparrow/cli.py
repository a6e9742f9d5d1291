"""The command `sparrow`: a verb for each step. Prints for people, or JSON with `--json`.

Exit statuses are those of `sparrow.endings`.
"""

from __future__ import annotations

from sparrow.verb import app
from sparrow.verbs import networks, proven, shipped, whole

VERBS = (networks, proven, shipped, whole)
"""Where verbs are, in the order in which the command names them."""


def main() -> None:
    """Entry point of the command `sparrow`."""
    app()


if __name__ == "__main__":
    main()
