"""A model as its pages show it: what the index has about it, and the documents that this names."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tribune.ballots.histories.cases import PastCase, tell_cases
from tribune.ballots.histories.judged import JudgedReport
from tribune.ballots.histories.lineage import Lineage, lineage_of
from tribune.ballots.histories.policies import SetPolicy, in_force, policies_of
from tribune.ballots.histories.stretches import Stretch, stretches
from tribune.ballots.histories.track_record import EVENTS, TrackRecord, track_record
from tribune.figures.history import FRAMES
from tribune.store.dashboard.models import ModelEvents, model_events
from tribune.web.dashboard.asking import asked_model

if TYPE_CHECKING:
    from starlette.requests import Request

    from tribune.ballots.directory import ListedModel, Listing
    from tribune.metrics.profile import Profile
    from tribune.web.site import Site

REPORTS = 2 * FRAMES
"""Reports looked through for the last frames: versions and policies change in between."""
ANCHORS = 5
"""Anchored logs that a page lists."""


@dataclass(frozen=True)
class ReadModel:
    """A model.

    Args:
        listed: its name, version and state.
        listing: what else there is.
        events: what the index has about it.
        policies: oldest first.
        policy: the one in force; None where none is.
        lineage: versions, stewards and statements.
        reports: the newest in service, newest first.
        record: what it has behind it.
        service: when it was in service, and when not.
    """

    listed: ListedModel
    listing: Listing
    events: ModelEvents
    policies: Sequence[SetPolicy]
    policy: SetPolicy | None
    lineage: Lineage
    reports: Sequence[JudgedReport]
    record: TrackRecord
    service: Sequence[Stretch]


async def read_model(request: Request) -> ReadModel:
    """Read the model that a request's path names.

    Raises:
        NotFoundError: there is none.
        StoreError: the index cannot be read.
    """
    site: Site = request.app.state.site
    listed = await asked_model(request)
    listing = await site.directory.look()
    return await site.store.read(_read, listed, listing)


def _read(session: Any, listed: ListedModel, listing: Listing) -> ReadModel:
    events = model_events(session, listed.id, reports=REPORTS, anchors=ANCHORS)
    policies = policies_of(events.named("PolicySet"))
    judged = [JudgedReport.of(event) for event in events.reports]
    return ReadModel(
        listed=listed,
        listing=listing,
        events=events,
        policies=policies,
        policy=in_force(policies, listing.at),
        lineage=lineage_of(events.standing),
        reports=[one for one in judged if one.frame],
        record=track_record(events.named(*EVENTS), listing.at),
        service=stretches(events.standing, listing.at),
    )


async def profiles_of(site: Site, model: ReadModel, versions: Sequence[int]) -> Mapping[int, Profile | None]:
    """Return the profiles of a model's versions, None for what no store gives."""
    wanted = sorted({one for one in versions if one in model.lineage.versions})
    found = await asyncio.gather(
        *(site.documents.profile(model.lineage.versions[one].profile) for one in wanted)
    )
    return dict(zip(wanted, found, strict=True))


async def cases_of(site: Site, model: ReadModel, part: slice) -> list[PastCase]:
    """Return some of a model's cases in words, newest first."""
    opened = model.events.named("CaseOpened")[::-1][part]
    versions = [one.args["details"]["version"] for one in opened]
    return await tell_cases(
        model.listed.name,
        [*opened, *model.events.named("CaseClosed", "StateChanged")],
        model.policies,
        await profiles_of(site, model, versions),
        site.documents,
    )
