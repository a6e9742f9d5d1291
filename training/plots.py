"""Pictures of a run's record."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from accel.base.files import write_bytes


def state_curves(record: dict[str, Any], path: Path) -> None:
    """Metric and joint sparsity against the threshold, a column for every study that prunes states; none, no file."""
    studies = [study for study in record["studies"] if "curve" in study]
    if not studies:
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * len(studies), 6), layout="constrained")
    for column, study in enumerate(studies):
        above, below = (figure.add_subplot(2, len(studies), row * len(studies) + column + 1) for row in (0, 1))
        thresholds = [point["threshold"] for point in study["curve"]]
        above.plot(thresholds, [point["valid"] for point in study["curve"]], marker="o")
        above.set(title=study["name"], ylabel=f"validation {record['metric']}")
        for batch in study["curve"][0]["sparsity"]:
            shares = [point["sparsity"][batch] for point in study["curve"]]
            below.plot(thresholds, shares, marker=".", label=f"batch {batch}")
        below.set(xlabel="threshold", ylabel="share of states that are zero in all")
        below.legend()
        for part in (above, below):
            part.axvline(study["threshold"], linestyle=":", color="grey")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    write_bytes(path, buffer.getvalue())
