"""Until when frames of the decision log are needed, and erasing what is older than its operator keeps it.

A report looks back over earlier frames by its policy's windows, by the trailing sums of groups and by how
late labels come; a frame that nobody reported can be made a case for days more; and while a case on the model
can be voted on, voters may recompute what they vote about. A policy to come with longer windows cannot be
known: the frames that it would look back on may be erased by then, and it cannot be judged until newer ones
are there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tribune.ballots.documents import Documents
from tribune.chain import Tribune
from tribune.chain.enums import Outcome
from tribune.chain.policy_book import PolicyRecord
from tribune.decisions.anchor import anchor_word, log_folder, read_manifest
from tribune.decisions.frames.erasing import erase, erase_late, holds_bodies
from tribune.decisions.grid import MICROSECONDS, microseconds, steps_spanned
from tribune.decisions.proofs.finding import sealed_frames
from tribune.exceptions import EvidenceError, EvidenceUnreachableError, LogUnavailableError, TribuneError
from tribune.ids import CaseId, FrameIndex, ModelId, VersionNumber
from tribune.log import get_logger
from tribune.metrics.spec import ModelSpec
from tribune.metrics.statistics.trailing import MOST_FRAMES
from tribune.settings import Settings

_DAY_US = 86_400 * MICROSECONDS
_LOOK_S = 3600.0
_W = 5  # place of a rule's window among its fields


@dataclass(frozen=True)
class Needs:
    """What may still look at the frames of a version's log, by what the chain said when it was read.

    Args:
        tribune: the contracts.
        model_id: the model.
        spec: of the version: how late labels come, and whether groups are summed over frames.
        policies: of the model, oldest first.
        stale_s: how long after its deadline a frame that nobody reported can be made a case.
        voted_until: until when a case on the model can be voted on, UTC microseconds; 0 where none is open.
    """

    tribune: Tribune
    model_id: ModelId
    spec: ModelSpec
    policies: Sequence[PolicyRecord]
    stale_s: int
    voted_until: int

    @classmethod
    async def read(
        cls, tribune: Tribune, model_id: ModelId, version: VersionNumber, stores: Sequence[str]
    ) -> Needs:
        """Ask the chain.

        Args:
            tribune: the contracts.
            model_id: the model.
            version: whose profile says how late labels come.
            stores: where the profile is looked for.

        Raises:
            EvidenceUnreachableError: no store has the profile, so we could not look.
            ChainError: the chain could not be asked.
        """
        details = (await tribune.model_registry.version(model_id, version)).details
        profile = await Documents(stores).profile(details.profile)
        if profile is None:
            raise EvidenceUnreachableError(
                f"No store has the profile of model {model_id} v{version}, which says how far reports look "
                "back.",
                mend="Set TRIBUNE_EVIDENCE_READ_URLS to a store that has it.",
            )
        policies = await tribune.policy_book.policies(model_id)
        stale_s = await tribune.report_hub.stale_window_s()
        voted_until = await _voted_until(tribune, model_id)
        return cls(tribune, model_id, profile.spec, policies, stale_s, voted_until)

    async def until(self, frame: FrameIndex) -> int:
        """Return from when on nobody can need a frame any more, in UTC microseconds; the frame is from 1 on.

        Raises:
            ChainError: the chain could not be asked.
        """
        last = frame
        for index, record in enumerate(self.policies):
            steps = steps_spanned(record.policy.step_s, record.policy.length_s)
            window = max((int(rule.on_chain()[_W]) for rule in record.policy.rules), default=1)
            trailing = (MOST_FRAMES - 1) * steps if self.spec.groups else 0
            reach = frame + window - 1 + trailing + self.spec.label_lag + steps - 1
            if index + 1 < len(self.policies):
                reach = min(reach, self.policies[index + 1].first_frame - 1)
            if reach >= record.first_frame:
                last = FrameIndex(max(last, reach))
        times = await self.tribune.policy_book.frame_times(self.model_id, last)
        judged = microseconds(times.accept_until) + (self.stale_s + 1) * MICROSECONDS
        return max(judged, self.voted_until)


async def _voted_until(tribune: Tribune, model_id: ModelId) -> int:
    """Return until when a case on a model can be voted on, or its vote be opened; 0 where none is open."""
    switch, ends = tribune.kill_switch, [0]
    for number in range(1, await switch.case_count() + 1):
        case = await switch.case(CaseId(number))
        if case.model_id == model_id and case.outcome is Outcome.OPEN:
            ends.append(microseconds(case.vote_ends or case.open_until) + MICROSECONDS)
    return max(ends)


@dataclass
class Erased:
    """What came of looking through a log for what is too old."""

    rows: int = 0
    """Decisions whose bodies were blanked."""
    late: int = 0
    """Decisions that had come too late for their frame, and are gone."""
    needed: int = 0
    """Old frames that are left, as somebody may need them."""
    unanchored: int = 0
    """Old frames that are left, as their word is not on the chain."""
    faults: list[TribuneError] = field(default_factory=list)
    """What could not be erased, as it is damaged, in use or cannot be written; the rest was."""


class Retention:
    """Erases the bodies of a version's decisions once they are older than so many days and nobody needs them.

    It keeps no notes: what is erased is seen in the files, so it may be killed at any moment and run again.

    Args:
        tribune: the contracts.
        root: the log folder.
        model_id: the model.
        version: its version.
        stores: where the version's profile is looked for.
        days: how long bodies are kept from the end of their frame on.
        reason: for the record beside each frame.
        anchored_only: whether a frame stays whose word is not on the chain as the log has it.
    """

    def __init__(
        self,
        tribune: Tribune,
        root: Path,
        model_id: ModelId,
        version: VersionNumber,
        *,
        stores: Sequence[str],
        days: int,
        reason: str,
        anchored_only: bool,
    ) -> None:
        self._tribune = tribune
        self._folder = log_folder(root, model_id, version)
        self._model_id, self._version = model_id, version
        self._stores = stores
        self._days = days
        self._reason = reason
        self._anchored_only = anchored_only

    @classmethod
    def of(
        cls, settings: Settings, tribune: Tribune, model_id: ModelId, version: VersionNumber
    ) -> Retention | None:
        """Return what the settings ask for; None where they keep everything."""
        days = settings.log_keep_days
        if days is None:
            return None
        return cls(
            tribune,
            settings.log_folder,
            model_id,
            version,
            stores=settings.evidence_stores,
            days=days,
            reason=f"log_keep_days = {days}",
            anchored_only=True,
        )

    async def run(self) -> None:
        """Look once an hour until cancelled, and say what was erased and what was left."""
        log = get_logger(__name__)
        about = {"model": self._model_id, "version": self._version, "keep_days": self._days}
        log.info("bodies of old decisions are erased", **about)
        while True:
            try:
                # Both clocks: a chain or a machine that is ahead of time erases nothing early.
                chain = microseconds(await self._tribune.chain.block_time())
                found = await self.erase(min(chain, time.time_ns() // 1000))
            except TribuneError as fault:
                log.warning("old decisions not looked through", error=str(fault), **about)
            else:
                for one in found.faults:
                    log.error("old decisions not erased", error=str(one), **about)
                left = {"frames_needed": found.needed, "frames_unanchored": found.unanchored}
                log.info("old decisions looked through", erased=found.rows, late=found.late, **left, **about)
            await asyncio.sleep(_LOOK_S)

    async def erase(self, now: int, tell: Callable[[str, float], None] = lambda _, __: None) -> Erased:
        """Erase what is too old, frame by frame from the oldest on.

        Args:
            now: the moment that it is judged by, UTC microseconds.
            tell: told what is being done, and the share of it that is done.

        Raises:
            EvidenceUnreachableError: the version's profile could not be read.
            ChainError: the chain could not be asked; frames before are erased.
        """
        found, before = Erased(), now - self._days * _DAY_US
        frames = await asyncio.to_thread(self._too_old, before, found)
        if frames:
            needs = await Needs.read(self._tribune, self._model_id, self._version, self._stores)
            for place, frame in enumerate(frames):
                tell(f"Looking through frame {frame}", place / len(frames))
                await self._erase(frame, needs, now, found)
        tell("Looking through what came too late", 1)
        try:
            found.late = await asyncio.to_thread(erase_late, self._folder, None, before=before)
        except (EvidenceError, LogUnavailableError) as fault:
            found.faults.append(fault)
        return found

    def _too_old(self, before: int, found: Erased) -> list[FrameIndex]:
        """Return the frames with bodies that ended before a moment, oldest first."""
        frames = []
        for frame in reversed(sealed_frames(self._folder)):
            try:
                manifest = read_manifest(self._folder, frame)
                if manifest.end > before:
                    break
                if holds_bodies(self._folder, manifest):
                    frames.append(frame)
            except EvidenceError as fault:
                found.faults.append(fault)
        return frames

    async def _erase(self, frame: FrameIndex, needs: Needs, now: int, found: Erased) -> None:
        until = await needs.until(frame)
        if until > now:
            found.needed += 1
            return
        try:
            if self._anchored_only:
                word = anchor_word(await asyncio.to_thread(read_manifest, self._folder, frame))
                decision_log = self._tribune.decision_log
                if await decision_log.anchor_of(self._model_id, self._version, frame) != word:
                    found.unanchored += 1
                    return
            found.rows += await asyncio.to_thread(
                erase, self._folder, frame, None, reason=self._reason, needed_until=until, now=now
            )
        except (EvidenceError, LogUnavailableError) as fault:
            found.faults.append(fault)
