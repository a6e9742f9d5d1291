"""What a method does beside the training loop."""

from __future__ import annotations

from training.model import LSTM


class Method:
    """Nothing; methods override what they need. The loop makes the calls, so that a resumed run makes them too."""

    settled: float = 0.0
    """Share of the stage after which the method has reached its target; the best epoch is sought from there on."""

    def before_epoch(self, model: LSTM, done: float) -> None:
        """Called before the first batch of every epoch, with the share of the stage's epochs that is done."""

    def after_step(self, model: LSTM, rate: float) -> None:
        """Called after every step of the optimiser, with its learning rate."""

    def reached(self, model: LSTM) -> bool:
        """Whether the model is, after an epoch, what the method wants; one that is goes before one that is not."""
        return True

    def state(self, model: LSTM) -> dict[str, float]:
        """What a checkpoint has to keep of the method, beside the model."""
        return {}

    def restore(self, model: LSTM, kept: dict[str, float]) -> None:
        """Called after a checkpoint was loaded, which may lie within an epoch: undo `state`."""
