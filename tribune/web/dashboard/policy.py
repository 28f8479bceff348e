"""The rules of a model in words, who measures by them, and what they would have done in the past."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from tribune.ballots.directory import SLOW_LANE
from tribune.ballots.slow_lane.policy_words import frame_lines
from tribune.ballots.slow_lane.proposals import BACKTEST, backtest_is_of
from tribune.exceptions import EvidenceError, PolicyError
from tribune.ids import Cid
from tribune.metrics.policies.policy import Policy, Rule
from tribune.store.dashboard.models import proposal_of
from tribune.web.dashboard.reading import profiles_of, read_model
from tribune.web.dashboard.standing import standing_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from tribune.ballots.histories.policies import SetPolicy
    from tribune.metrics.profile import Profile
    from tribune.web.site import Site


@dataclass(frozen=True)
class SaidRule:
    """A rule in words.

    Args:
        metric: its name, as the chain has it.
        text: what it does; empty where it is of a newer release.
        more: what else there is to know of it, in sentences.
    """

    metric: str
    text: str
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class Backtested:
    """What a rule would have done in the past, by the policy's backtest.

    Args:
        metric: the rule's.
        hits: frames in which it would have been hit.
        missing: frames without a value.
    """

    metric: str
    hits: int
    missing: int


@dataclass(frozen=True)
class Brought:
    """The proposal that brought a policy.

    Args:
        number: its place among the governor's proposals.
        title: first line of what its proposer wrote.
        backtest: the document that it names; None where it names none.
        fits: whether that is of exactly these rules; None: it could not be read.
        frames: how many the backtest replayed.
        rules: what each rule would have done.
    """

    number: int
    title: str
    backtest: Cid | None = None
    fits: bool | None = None
    frames: int = 0
    rules: tuple[Backtested, ...] = ()


async def get_page(request: Request) -> Response:
    """`GET /m/{model}/policy`: the policy in force."""
    site: Site = request.app.state.site
    model = await read_model(request)
    policy = model.policy
    version = model.listed.version(model.listing.at) or max(model.lineage.versions, default=0)
    profile = (await profiles_of(site, model, [version])).get(version)
    rules = await asyncio.to_thread(_rules, policy, profile) if policy is not None else []
    return await site.page(
        "dashboard/policy.html",
        model=model,
        standing=standing_of(model.listing, model.listed),
        policy=policy,
        rules=rules,
        profile=profile,
        frames=frame_lines(policy.policy, None) if policy is not None else [],
        brought=await _brought(site, policy) if policy is not None else None,
        earlier=[one for one in reversed(model.policies) if one is not policy],
    )


def _rules(policy: SetPolicy, profile: Profile | None) -> list[SaidRule]:
    from tribune.metrics.policies.policy_text import borne_words, chance_words
    from tribune.metrics.policies.words import describe

    known = [_known(one.on_chain()) for one in policy.policy.rules]
    whole = Policy(tuple(one for one in known if one is not None))
    spec, a_year = (None if profile is None else profile.spec), 365.25 * 86_400 / policy.policy.step_s
    said = []
    for on_chain, rule in zip(policy.policy.rules, known, strict=True):
        if rule is None:
            said.append(SaidRule(str(on_chain.on_chain()[0]), ""))
            continue
        more = list(borne_words(rule))
        if profile is not None:
            with suppress(PolicyError):  # the profile has no such column
                more.append(chance_words(rule, whole, profile, a_year))
        said.append(SaidRule(rule.metric, describe(rule, spec), tuple(more)))
    return said


def _known(on_chain: tuple[Any, ...]) -> Rule | None:
    try:
        return Rule.from_chain(on_chain)
    except PolicyError:  # of a newer release
        return None


async def _brought(site: Site, policy: SetPolicy) -> Brought | None:
    found = await site.store.read(proposal_of, policy.tx, SLOW_LANE)
    if found is None:
        return None
    number, created = found
    text = str(created.args["description"])
    title, named = (text.strip().splitlines() or [""])[0], BACKTEST.search(text)
    if named is None:
        return Brought(number, title)
    name = Cid(named[1])
    try:
        document = await site.documents.read(name)
    except EvidenceError:
        return Brought(number, title, name)
    fits = backtest_is_of(document, [one.on_chain() for one in policy.policy.rules])
    if not fits:
        return Brought(number, title, name, fits=False)
    return Brought(number, title, name, True, len(document["frames"]), _backtested(document, policy))


def _backtested(document: Mapping[str, Any], policy: SetPolicy) -> tuple[Backtested, ...]:
    """Return what the backtest says of the policy's rules; `document` is one of them."""
    rules = [one.on_chain() for one in policy.policy.rules]
    replayed: Sequence[Mapping[str, Any]] = next(
        one["rules"] for one in document["policies"] if backtest_is_of({"policies": [one]}, rules)
    )
    return tuple(
        Backtested(one["metric"], len(one.get("hits", ())), int(one.get("missing", 0))) for one in replayed
    )
