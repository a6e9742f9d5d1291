"""What a method does beside the training loop."""

from __future__ import annotations

from training.model import LSTM


class Method:
    """Nothing; methods override what they need. The loop makes the calls, so that a resumed run makes them too."""

    def before_epoch(self, model: LSTM) -> None:
        """Called before the first batch of every epoch."""

    def after_step(self, model: LSTM, rate: float) -> None:
        """Called after every step of the optimiser, with its learning rate."""
