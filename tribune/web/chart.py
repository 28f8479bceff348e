"""The figure of a case: rates of groups, or the values of the column that the finding is about."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tribune.exceptions import TribuneError
from tribune.figures.finding import can_be_drawn, finding_drawing
from tribune.figures.theme import Theme
from tribune.ids import Digest

if TYPE_CHECKING:
    from tribune.ballots.cases.view import CaseVote
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.documents import Documents


def has_chart(vote: CaseVote) -> bool:
    """Return whether a figure can be drawn, as far as is known without drawing it."""
    return (
        vote.rule is not None
        and vote.evidence is not None
        and vote.words.looked
        and can_be_drawn(vote.rule.metric)
    )


async def draw_chart(
    documents: Documents, contracts: VoteContracts, vote: CaseVote, theme: Theme
) -> bytes | None:
    """Return a PNG of the finding; None where evidence, profile or a figure for this metric is missing."""
    if not has_chart(vote) or vote.rule is None or vote.evidence is None:
        return None
    [version] = await contracts.read(("ModelRegistry", "versionOf", (vote.model.id, vote.model.version)))
    profile = await documents.profile(Digest(version["profile"]))
    try:
        evidence = await documents.read(vote.evidence)
        if profile is None:
            return None
        drawing = finding_drawing(evidence, profile, vote.rule.metric)
        return None if drawing is None else await asyncio.to_thread(drawing.draw, "png", theme)
    except (TribuneError, LookupError, ValueError, TypeError, AttributeError):
        return None  # no document, or one of another form
