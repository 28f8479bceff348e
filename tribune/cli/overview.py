"""Commands that show what is overseen and what is voted on, from the index: models, cases, proposals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tribune.cli.index import opened, read_all
from tribune.cli.options import Json, Limit, MaybeModel, Model, SettingsFile
from tribune.cli.running import run
from tribune.cli.showing import moment, show_facts, show_heading, show_json, show_rows

if TYPE_CHECKING:
    from tribune.settings import Settings
    from tribune.web.public.models import Model as ModelAnswer
    from tribune.web.public.models import ModelItem, PolicyItem

MODEL_TITLES = ("Model", "Name", "Version", "State", "Oversight")


def register(app: typer.Typer, model: typer.Typer) -> None:
    """Add these commands."""
    app.command()(models)
    model.command("show")(model_show)
    app.command()(cases)
    app.command()(proposals)


def models(limit: Limit = 50, json: Json = False, settings: SettingsFile = None) -> None:
    """List models, the newest first: version in force, state, and how well each is watched."""

    async def part(read: Settings) -> None:
        from tribune.web.public.models import OPERATIONS, AskedModels

        async with opened(read) as desk:
            page = await read_all(desk, OPERATIONS[0], AskedModels(), limit)
        if json:
            show_json(page)
        else:
            show_rows(MODEL_TITLES, map(model_row, page.items))

    run(settings, part)


def model_show(model: Model, json: Json = False, settings: SettingsFile = None) -> None:
    """Show a model: state, how well it is watched, versions, rules, what is behind it, open cases."""

    async def part(read: Settings) -> None:
        from tribune.exceptions import AbsentError
        from tribune.web.public.models import OPERATIONS, AskedModel

        async with opened(read) as desk:
            if model not in desk.look.listing.models:
                raise AbsentError(
                    f"There is no model {model}, as far as the chain has been read.",
                    mend="`tribune models` lists them.",
                )
            found: Any = await OPERATIONS[1].read(desk.look, AskedModel(model=model))
        if json:
            show_json(found)
        else:
            _show_model(found)

    run(settings, part)


def cases(
    model: MaybeModel = None,
    is_open: Annotated[bool, typer.Option("--open", help="Only those without an outcome.")] = False,
    limit: Limit = 50,
    json: Json = False,
    settings: SettingsFile = None,
) -> None:
    """List cases, the newest first: why there is a vote on a model, and what became of it."""

    async def part(read: Settings) -> None:
        from tribune.chain.enums import Outcome
        from tribune.web.public.cases import OPERATIONS, AskedCases

        async with opened(read) as desk:
            asked = AskedCases(model=model, outcome=Outcome.OPEN if is_open else None)
            page = await read_all(desk, OPERATIONS[0], asked, limit)
        if json:
            show_json(page)
            return
        show_rows(
            ("Case", "Model", "Version", "Kind", "Opened", "Vote ends", "Outcome"),
            [
                (
                    one.id,
                    one.model,
                    version_words(one.version),
                    one.kind,
                    moment(one.opened.time),
                    None if one.vote is None else moment(one.vote.ends),
                    one.outcome,
                )
                for one in page.items
            ],
        )

    run(settings, part)


def proposals(limit: Limit = 50, json: Json = False, settings: SettingsFile = None) -> None:
    """List proposals to change rules, monitors and settings, the newest first."""

    async def part(read: Settings) -> None:
        from tribune.web.public.proposals import OPERATIONS, AskedProposals

        async with opened(read) as desk:
            page = await read_all(desk, OPERATIONS[0], AskedProposals(), limit)
        if json:
            show_json(page)
            return
        show_rows(
            ("Proposal", "State", "Voting begins", "Voting ends", "Title"),
            [(one.number, one.state, moment(one.starts), moment(one.ends), one.title) for one in page.items],
        )

    run(settings, part)


def model_row(model: ModelItem) -> tuple[object, ...]:
    """Return a model's line, below `MODEL_TITLES`: how well it is watched in the words of the pages."""
    from tribune.web.words import oversight

    stands = state_words(model), oversight(model.oversight)
    return model.id, model.name, version_words(model.version), *stands


def version_words(version: int) -> str:
    """Return a version's name; nothing while none is in force."""
    return f"v{version}" if version else ""


def state_words(model: ModelItem) -> str:
    """Return where a model stands, and until when where that is known."""
    until = model.suspended_until
    return model.state if until is None else f"{model.state} until {moment(until)}"


def _panel_words(policy: PolicyItem) -> str:
    from tribune.reports.oversight import independence

    panel = len(policy.panel)
    return independence(panel) or f"{policy.quorum} of {panel} must agree"


def _show_model(model: ModelAnswer) -> None:
    from datetime import timedelta

    from tribune.web.words import oversight

    record, policy = model.record, model.policy
    show_facts(
        (
            ("Model", model.id),
            ("Name", model.name),
            ("State", state_words(model)),
            ("Oversight", oversight(model.oversight)),
            ("Version in force", version_words(model.version)),
            ("Steward", model.steward),
            ("Registered", moment(model.registered.time)),
            ("In service", f"{timedelta(seconds=record.active_s)} since {moment(record.since)}")
            if record.since
            else ("In service", "never"),
            ("Broken rules", record.breaches),
            ("Times stopped", record.halts),
            ("Open cases", ", ".join(map(str, model.open_cases))),
            ("Monitors", policy and _panel_words(policy)),
            ("Frames", policy and f"every {timedelta(seconds=policy.step_s)}"),
        )
    )
    if policy is not None:
        show_heading("Rules")
        show_rows(
            ("", "Severity", "Metric", "Limit", "Frames"),
            [
                ("rule", one.severity, one.metric, f"{one.op} {one.limit}", f"{one.m} of {one.w}")
                for one in policy.rules
            ],
        )
    if model.versions:
        show_heading("Versions")
        show_rows(
            ("", "Number", "In force from", "Registered", "Artifact"),
            [
                (
                    "version",
                    f"v{one.number}",
                    one.serves_from and moment(one.serves_from),
                    moment(one.registered.time),
                    one.artifact,
                )
                for one in model.versions
            ],
        )
    if model.statements:
        show_heading("Auditors' statements")
        show_rows(
            ("", "Version", "Auditor", "Document", "Where"),
            [
                ("statement", f"v{one.version}", one.auditor, one.document, one.uri)
                for one in model.statements
            ],
        )
