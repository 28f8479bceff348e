"""Until when a frame of the decision log is needed, so that erasing holds no report back.

A report looks back over earlier frames by its policy's windows, by the trailing sums of groups and by how
late labels come. A policy to come with longer windows cannot be known: the frames that it would look back on
may be erased by then, and it cannot be judged until newer ones are there.
"""

from __future__ import annotations

from tribune.ballots.documents import Documents
from tribune.chain import Tribune
from tribune.decisions.grid import microseconds, steps_spanned
from tribune.exceptions import EvidenceUnreachableError
from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune.metrics.trailing import MOST_FRAMES

_W = 5  # place of a rule's window among its fields


async def needed_until(
    tribune: Tribune, model_id: ModelId, version: VersionNumber, frame: FrameIndex, stores: list[str]
) -> int:
    """Return when the last report that may look at a frame can have been given, in UTC microseconds.

    Args:
        tribune: the contracts.
        model_id: the model.
        version: whose profile says how late labels come.
        frame: 1 or later.
        stores: where the profile is looked for.

    Raises:
        EvidenceUnreachableError: no store has the profile, so we could not look.
        ChainError: the chain could not be asked.
    """
    details = (await tribune.model_registry.version(model_id, version)).details
    profile = await Documents(stores).profile(details.profile)
    if profile is None:
        raise EvidenceUnreachableError(
            f"No store has the profile of model {model_id} v{version}, which says how far reports look back.",
            mend="Set TRIBUNE_EVIDENCE_READ_URLS to a store that has it.",
        )
    spec = profile.spec
    last = frame
    policies = await tribune.policy_book.policies(model_id)
    for index, record in enumerate(policies):
        steps = steps_spanned(record.policy.step_s, record.policy.length_s)
        window = max((int(rule.on_chain()[_W]) for rule in record.policy.rules), default=1)
        trailing = (MOST_FRAMES - 1) * steps if spec.groups else 0
        reach = frame + window - 1 + trailing + spec.label_lag + steps - 1
        if index + 1 < len(policies):
            reach = min(reach, policies[index + 1].first_frame - 1)
        if reach >= record.first_frame:
            last = FrameIndex(max(last, reach))
    times = await tribune.policy_book.frame_times(model_id, last)
    return microseconds(times.accept_until) + 1_000_000
