"""The grids of a model's frames as the chain has them: one for each policy that governance set."""

from __future__ import annotations

from datetime import timedelta

from tribune.chain import Tribune
from tribune.chain.policy_book import PolicyRecord
from tribune.decisions.grid import FrameGrid, GridHistory
from tribune.exceptions import ConfigurationError
from tribune.ids import FrameIndex, ModelId


class ChainGrids:
    """Reads the grids of a model, and again when there is another policy.

    A policy that is not in force yet counts from when it begins; it can still be replaced until then.

    Args:
        tribune: the contracts.
        model_id: the model.
    """

    def __init__(self, tribune: Tribune, model_id: ModelId) -> None:
        self._tribune = tribune
        self._model_id = model_id
        self._records: list[PolicyRecord] = []

    @property
    def history(self) -> GridHistory:
        """The grids as they were read last.

        Raises:
            ConfigurationError: governance has set no policy for the model.
        """
        if not self._records:
            raise _no_policy(self._model_id)
        return GridHistory(tuple((record.first_frame, grid_of(record)) for record in self._records))

    async def refresh(self) -> GridHistory:
        """Read the chain and return the grids.

        Raises:
            ConfigurationError: governance has set no policy for the model.
            ChainError: the chain could not be asked.
        """
        book = self._tribune.policy_book
        count = await book.policy_count(self._model_id)
        known = self._records[: max(0, count - 1)]  # the last may have been replaced
        for index in range(len(known), count):
            known.append(await book.policy_at(self._model_id, index))
        self._records = known
        return self.history


def grid_of(record: PolicyRecord) -> FrameGrid:
    """Return a policy's frame grid in the log's terms: frame i ends at epoch + i · step."""
    policy = record.policy
    epoch = record.base - timedelta(seconds=(record.first_frame - 1) * policy.step_s)
    return FrameGrid.of_seconds(
        epoch_s=int(epoch.timestamp()),
        step_s=policy.step_s,
        length_s=policy.length_s,
        grace_s=policy.grace_s,
    )


async def grid_for(tribune: Tribune, model_id: ModelId) -> FrameGrid:
    """Return the grid in force for a model.

    Raises:
        ConfigurationError: governance has set no policy for it.
    """
    record = await tribune.policy_book.policy_for(model_id, FrameIndex(0))
    if record is None:
        raise _no_policy(model_id)
    return grid_of(record)


def _no_policy(model_id: ModelId) -> ConfigurationError:
    return ConfigurationError(
        f"Model {model_id} has no policy in force, so it has no frames.",
        mend="Token holders set one in the slow lane.",
        model_id=model_id,
    )
