"""Whether one model version may run now: kept up to date, asked, counted, and said when it changes.

What a gate before a server and a guard in a batch job have in common. It refuses whenever it does not know:
nothing read yet, too old, another version, a model on disk that is not the registered one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Literal

from tribune.exceptions import ConfigurationError
from tribune.gate.artifact import ArtifactCheck
from tribune.gate.problem import Subject
from tribune.gate.status import Refusal, Snapshot, StatusSource, StatusView
from tribune.gate.tally import Tally
from tribune.log import get_logger

Mode = Literal["enforce", "observe"]

SUMMARY_S = 3600.0
"""Pause between two summaries where nothing is refused in earnest."""


class GateKeeper:
    """Keeps what a gate goes by, and decides by it.

    Args:
        subject: the model and version that would answer.
        status: the view of the model, kept current by the caller; or a source, which `run` runs.
        max_staleness_s: how old what is known of the chain may be; beyond it the answer is no.
        mode: "enforce", or "observe" to say no to nobody and count what would have been refused.
        artifact: compares what is served with what is registered; run by `run`.
        shut: told of a refusal that is enforced when it begins and while it lasts, from any thread.
        under_way: returns how much is under way, for the count of what a halt ends.

    Raises:
        ConfigurationError: for a view of another model, a bound that is not above 0, or an unknown mode.
    """

    def __init__(
        self,
        subject: Subject,
        status: StatusView | StatusSource,
        *,
        max_staleness_s: float,
        mode: Mode,
        artifact: ArtifactCheck | None,
        shut: Callable[[Refusal], None],
        under_way: Callable[[], int],
    ) -> None:
        if mode not in ("enforce", "observe"):
            raise ConfigurationError(f'A gate\'s mode is "enforce" or "observe", not {mode!r}.')
        if not max_staleness_s > 0:
            raise ConfigurationError("A gate needs a max_staleness_s above 0.")
        self.subject = subject
        self.view = status if isinstance(status, StatusView) else StatusView(subject.model_id)
        if self.view.model_id != subject.model_id:
            raise ConfigurationError(
                f"The gate is for model {subject.model_id}, its view of model {self.view.model_id}."
            )
        self.tally = Tally()
        self._source = None if isinstance(status, StatusView) else status
        self._max_staleness_s = max_staleness_s
        self._enforce = mode == "enforce"
        self._artifact = artifact
        self._shut = shut
        self._under_way = under_way
        self._passed: Snapshot | None = None
        self._passed_until = 0.0
        self.view.listen(self.look)

    def refusal(self) -> Refusal | None:
        """Return why the version may not run now, in either mode; counts nothing."""
        artifact = None if self._artifact is None else self._artifact.digest
        return self.view.refusal(self.subject.version, self._max_staleness_s, artifact)

    def passes(self) -> bool:
        """Return whether the version may run by what was checked last, and count the request if so.

        The short way for the many requests between two blocks, in the loop of `run`; where it says False,
        ask `check`.
        """
        if self.view.snapshot is not self._passed or time.monotonic() > self._passed_until:
            return False
        self.tally.requests += 1
        return True

    def check(self, refused: Callable[[Refusal], None] | None = None) -> Refusal | None:
        """Return the refusal to act on: None where the version may run, or where nothing is refused.

        Args:
            refused: told of a refusal in either mode.
        """
        tally = self.tally
        tally.requests += 1
        snapshot = self.view.snapshot
        refusal = self.refusal()
        if refusal is None:
            if tally.cause is not None:
                self._turn(None)
            if snapshot is self.view.snapshot:  # which the refusal went by
                self._passed, self._passed_until = snapshot, snapshot.seen_at + self._max_staleness_s
            return None
        self._turn(refusal)
        tally.refused()
        if refused is not None:
            try:
                refused(refusal)
            except Exception:  # somebody else's code must neither open the gate nor break it
                get_logger(__name__).exception("on_refusal failed")
        return refusal if self._enforce else None

    def look(self) -> None:
        """See, after a change or when what is known has grown old, whether what is under way has to end."""
        self._passed = None
        refusal = self.refusal()
        self._turn(refusal)
        if refusal is not None and self._enforce:
            self._shut(refusal)

    def read_artifact(self) -> None:
        """Read the model on disk, where it is compared; blocks for as long as that takes."""
        if self._artifact is not None:
            self._artifact.look()

    async def run(self) -> None:
        """Keep what it goes by up to date, until cancelled.

        Raises:
            ExceptionGroup: a source failed or ended; run it again.
        """
        async with asyncio.TaskGroup() as tasks:
            if self._source is not None:
                tasks.create_task(self._follow(self._source))
            if self._artifact is not None:
                tasks.create_task(self._artifact.run(self.look))
            tasks.create_task(self._grow_old())

    def say(self) -> None:
        """Log the summary where nothing is refused in earnest."""
        if not self._enforce:
            get_logger(__name__).info(
                "gate observed",
                model=self.subject.model_id,
                version=self.subject.version,
                **self.tally.summary(),
            )

    async def _follow(self, source: StatusSource) -> None:
        await source.run(self.view)
        raise RuntimeError("the status source ended")

    async def _grow_old(self) -> None:
        """Look again the moment what is known becomes too old: nothing else tells of it."""
        said = time.monotonic()
        while True:
            now = time.monotonic()
            left_s = self.view.snapshot.seen_at + self._max_staleness_s - now
            await asyncio.sleep(min(left_s + 0.001 if left_s > 0 else 1.0, self._max_staleness_s, 60.0))
            self.look()
            if now - said >= SUMMARY_S:
                said = now
                self.say()

    def _turn(self, refusal: Refusal | None) -> None:
        """Say it and count it when the gate opens or shuts, or its reason changes."""
        if not self.tally.turn(None if refusal is None else f"{refusal.cause}"):
            return
        self.tally.ended(self._under_way())
        get_logger(__name__).info(
            "gate refuses" if refusal else "gate answers",
            model=self.subject.model_id,
            version=self.subject.version,
            cause=self.tally.cause,
            enforced=self._enforce,
            error=refusal.snapshot.fault if refusal else "",
        )
