"""The figure of a case: rates of groups, where the finding is about groups. Draws nothing else yet."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tribune.exceptions import TribuneError
from tribune.figures.theme import Theme
from tribune.ids import Digest

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.documents import Documents
    from tribune.ballots.view import CaseVote


def has_chart(vote: CaseVote) -> bool:
    """Return whether a figure can be drawn, as far as is known without drawing it."""
    about_groups = vote.rule is not None and vote.rule.metric.startswith("fairness.")
    return about_groups and vote.evidence is not None and vote.words.looked


async def draw_chart(
    documents: Documents, contracts: VoteContracts, vote: CaseVote, theme: Theme
) -> bytes | None:
    """Return a PNG of the finding; None where evidence, profile or a figure for this metric is missing."""
    if not has_chart(vote) or vote.rule is None or vote.evidence is None:
        return None
    from tribune.figures.groups import group_rates
    from tribune.reports.counts import Counts

    [version] = await contracts.read(("ModelRegistry", "versionOf", (vote.model.id, vote.model.version)))
    profile = await documents.profile(Digest(version["profile"]))
    try:
        evidence = await documents.read(vote.evidence)
        if profile is None:
            return None
        counts = Counts(profile, evidence)
        rates = counts.positive_rates(vote.rule.metric.rsplit("/", 1)[-1])
        title = f'Says "{counts.outcome()}"'
    except (TribuneError, KeyError, ValueError, TypeError):  # no document, or one of another form
        return None
    if not rates:
        return None
    return await asyncio.to_thread(group_rates, rates, title=title, z_micro=vote.rule.z, theme=theme)
