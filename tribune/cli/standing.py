"""`tribune status`: how all models stand, from the index; how one stands, from the chain itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from tribune.cli.index import opened, read_all
from tribune.cli.options import Json, Limit, MaybeModelNumber, SettingsFile
from tribune.cli.overview import MODEL_TITLES, model_row
from tribune.cli.running import run
from tribune.cli.showing import harmless, moment, painted, show_heading, show_json, show_rows

if TYPE_CHECKING:
    from tribune.cli.index import Desk
    from tribune.settings import Settings
    from tribune.web.public.cases import CaseItem
    from tribune.web.public.models import ModelItem
    from tribune.web.public.proposals import ProposalItem


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(status)


def status(
    model: MaybeModelNumber = None, limit: Limit = 50, json: Json = False, settings: SettingsFile = None
) -> None:
    """Say how all models stand and what is voted on; with MODEL, where that one stands by the chain itself.

    The lists come from the index, which says how far it reaches.
    """

    async def part(read: Settings) -> None:
        if model is not None:
            await _say_one(read, model, json)
            return
        async with opened(read) as desk:
            found = await _overview(desk, limit)
            if json:
                show_json(found.document(desk))
            else:
                _say(found, desk)

    run(settings, part)


@dataclass(frozen=True)
class _Overview:
    """What there is: models, and what can be voted on now."""

    models: Sequence[ModelItem]
    cases: Sequence[CaseItem]
    proposals: Sequence[ProposalItem]

    def document(self, desk: Desk) -> dict[str, Any]:
        """Return it in the words of the JSON API."""
        return {
            "status": desk.status,
            "models": self.models,
            "cases": self.cases,
            "proposals": self.proposals,
        }


async def _overview(desk: Desk, limit: int) -> _Overview:
    from tribune.chain.enums import Outcome
    from tribune.web.public.cases import OPERATIONS as CASES
    from tribune.web.public.cases import AskedCases
    from tribune.web.public.models import OPERATIONS as MODELS
    from tribune.web.public.models import AskedModels
    from tribune.web.public.proposals import OPERATIONS as PROPOSALS
    from tribune.web.public.proposals import AskedProposals

    listing = desk.look.listing
    models = await read_all(desk, MODELS[0], AskedModels(), limit)
    cases = await read_all(desk, CASES[0], AskedCases(outcome=Outcome.OPEN), limit)
    proposals = await read_all(desk, PROPOSALS[0], AskedProposals(), limit)
    return _Overview(
        models.items,
        [one for one in cases.items if listing.is_live(listing.cases[one.id])],
        [one for one in proposals.items if listing.proposals[one.number].is_open(listing.at)],
    )


def _say(found: _Overview, desk: Desk) -> None:
    halted, until = desk.status.halted, desk.status.halted_until
    if halted:
        print(painted("HALTED") + "\tall models" + (f" until {moment(until)}" if until else ""))
    show_rows(
        ("", *MODEL_TITLES),
        [("model", *model_row(one)) for one in found.models],
    )
    if not found.cases and not found.proposals:
        typer.echo("Nothing can be voted on now.", err=True)
        return
    show_heading("Votes")
    names = {one.id: one.name for one in desk.look.listing.models.values()}
    show_rows(
        ("", "Number", "About", "Kind", "Ends"),
        [
            *(
                (
                    "case",
                    one.id,
                    names.get(one.model),
                    one.kind,
                    moment(one.vote.ends) if one.vote else "not open yet",
                )
                for one in found.cases
            ),
            *(("proposal", one.number, one.title, one.state, moment(one.ends)) for one in found.proposals),
        ],
    )


async def _say_one(read: Settings, model: int, json: bool) -> None:
    from tribune.chain import Tribune
    from tribune.exceptions import AbsentError
    from tribune.ids import FrameIndex, ModelId
    from tribune.reports.oversight import independence, watched
    from tribune.web.words import oversight

    model_id = ModelId(model)
    async with await Tribune.connect(read) as tribune:
        name = await tribune.model_registry.name(model_id)
        if not name:
            raise AbsentError(f"There is no model {model}.", mend="Models are counted from 1.")
        found = await tribune.kill_switch.status(model_id)
        ruled = await tribune.policy_book.has_policy(model_id)
        terms = await tribune.policy_book.terms(model_id, FrameIndex(0)) if ruled else None
    if json:
        show_json(
            {
                "id": model,
                "name": name,
                "version": found.version,
                "state": found.state,
                "suspended_until": found.until,
                "oversight": found.oversight,
                "operational": found.is_operational,
                "halted": found.halted,
                "halted_until": found.halted_until,
                "case": found.case_id or None,
                "panel": terms and {"monitors": terms.panel_size, "quorum": terms.k},
                "block": found.block_number,
                "time": found.block_time,
            }
        )
        return
    until = f" until {found.until:%Y-%m-%d %H:%M:%S} UTC at the latest" if found.until else ""
    print(f"{harmless(name)} v{found.version}: {painted(found.state)}{until}")
    in_words = watched(found.oversight, in_service=found.is_operational)
    print(f"oversight {painted(oversight(found.oversight))}: {in_words}")
    if terms is not None:
        alone = independence(terms.panel_size)
        print(f"measured by {alone or f'{terms.panel_size} monitors, {terms.k} of which must agree'}")
    if found.halted:
        end = f" until {found.halted_until:%Y-%m-%d %H:%M:%S} UTC" if found.halted_until else ""
        print(f"all models are halted{end}")
    if found.case_id:
        print(f"case {found.case_id}")
