"""Commands for data of one's own, without any chain: model init, profile, measure, manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tribune.cli.data import cores, free, new_folder, progress, source_of, workplace, write
from tribune.cli.options import (
    Data,
    Force,
    Json,
    Keep,
    Output,
    OutputTo,
    Profile,
    Since,
    Source,
    Spec,
    Until,
)
from tribune.cli.running import plain_errors
from tribune.cli.showing import show_json
from tribune.exceptions import ConfigurationError
from tribune.wording import counted

if TYPE_CHECKING:
    from tribune import metrics
    from tribune_monitors.measurement.second_opinion import Opinion

model = typer.Typer(no_args_is_help=True, help="Describe a model for measuring; show a registered one.")


class Form(StrEnum):
    """How a report is shown."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"


class EngineName(StrEnum):
    """What counts rows."""

    DUCKDB = "duckdb"
    SPARK = "spark"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(model, name="model")
    app.command()(profile)
    app.command()(measure)
    app.command()(manifest)


@model.command("init")
def model_init(
    data: Data,
    output: OutputTo = Path("model.toml"),
    prediction: Annotated[str, typer.Option(help="Column of the model's answer.", show_default=False)] = "",
    label: Annotated[str, typer.Option(help="Column of the truth.", show_default=False)] = "",
    score: Annotated[str, typer.Option(help="Column of the score or probability.", show_default=False)] = "",
    group: Annotated[
        list[str] | None,
        typer.Option(help="Column of groups to be treated alike (repeat for more).", show_default=False),
    ] = None,
    time: Annotated[str, typer.Option(help="Column of the time.", show_default=False)] = "",
    id_: Annotated[str, typer.Option("--id", help="Column of the id.", show_default=False)] = "",
    json: Json = False,
    force: Force = False,
) -> None:
    """Draft a model.toml from data: columns, kinds, roles and task, with the reasons, for you to mend."""
    with plain_errors(), workplace(None) as folder, progress(json) as say:
        from tribune_monitors.infer.draft import draft
        from tribune_monitors.infer.facts import sample
        from tribune_monitors.infer.roles import Given, concluded, guess_roles, summary
        from tribune_monitors.sources.opening import connect, open_rows, title_of

        free(output, force)
        say("Looking at the data")
        cursor = connect(folder, cores())
        found = sample(cursor, open_rows(cursor, data, folder))
        given = Given(prediction, label, score, id_, time, tuple(group or ()))
        guess = guess_roles(cursor, found, given)
        write(output, draft(title_of(data), found, guess).encode(), force)
    if json:
        show_json({"file": str(output), **concluded(found, guess)})
    else:
        typer.echo(summary(found, guess))
    typer.echo(f"Wrote {output}. Read and mend it, then: tribune profile DATA --spec {output}", err=True)


def profile(
    data: Data = "",
    spec: Spec = Path("model.toml"),
    output: OutputTo = Path("profile.json"),
    source: Source = None,
    blocks: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1000,
            help="Consecutive blocks that are compared with each other, so that what differs from day to day "
            "is not taken for drift. By default 10 where rows have times, else 1.",
            show_default=False,
        ),
    ] = None,
    since: Since = "",
    until: Until = "",
    keep: Keep = None,
    json: Json = False,
    force: Force = False,
) -> None:
    """Make a profile of reference rows: what the model looked like when all was well.

    Take rows that the model was not trained on. A model looks better on its training rows, so that it would
    seem to have become worse from the first day on; nothing in the rows themselves shows which they are.
    """
    with plain_errors(), workplace(keep) as folder, progress(json) as say:
        from tribune.metrics import ModelSpec
        from tribune_monitors.measurement.local import profile_source

        free(output, force)
        described = ModelSpec.load(spec)
        rows = source_of(data, source or spec, since, until)
        made, findings = profile_source(rows, described, folder, blocks=blocks, threads=cores(), say=say)
        write(output, made.canonical, force)
    if json:
        facts = {"rows": made.reference.rows, "columns": [column.name for column in described.measured]}
        show_json({"file": str(output), "digest": f"0x{made.digest.hex()}", **facts, "findings": findings})
        return
    for finding in findings:
        typer.echo(f"! {finding}", err=True)
    size = f"{counted(made.reference.rows, 'row')}, {counted(len(described.measured), 'column')}"
    typer.echo(f"Wrote {output}: {size}, 0x{made.digest.hex()}", err=True)


def measure(
    data: Data = "",
    profile: Profile = Path("profile.json"),
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Rules to judge by.", show_default=False)
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How to show the report.")] = Form.TABLE,
    json: Json = False,
    output: Output = None,
    source: Source = None,
    since: Since = "",
    until: Until = "",
    keep: Keep = None,
    tallies: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Keep what is counted of each file in this folder, and count no file twice.",
            show_default=False,
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="End with 1 where a rule is broken, with 3 where one is not measured."),
    ] = False,
    second_opinion: Annotated[
        bool,
        typer.Option(
            "--second-opinion",
            help="Compute again with scikit-learn and fairlearn; end with 1 where they differ.",
        ),
    ] = False,
    figures: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Draw the figures into this new folder: PNG and SVG, light and dark.",
            show_default=False,
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Show every column in the table.")] = False,
    engine: Annotated[
        EngineName, typer.Option(help="What counts; the result does not depend on it.")
    ] = EngineName.DUCKDB,
    force: Force = False,
) -> None:
    """Measure data against a profile: quality, drift, performance, fairness; with a policy, its rules.

    `--json` (or `--format json`) gives the evidence document, as monitors write it, in canonical bytes;
    `--format html` one page with figures that loads nothing from elsewhere.
    """
    with plain_errors(), workplace(keep) as folder, progress(json or form is Form.JSON) as say:
        from tribune import metrics
        from tribune_monitors.measurement.local import measure_source

        free(output, force)
        drawn = None if figures is None else new_folder(figures)
        form = Form.JSON if json else form
        against = metrics.Profile.load(profile)
        if check and policy is None:
            raise ConfigurationError("There are no rules to check.", mend="Add --policy FILE.")
        rules = metrics.Policy.load(policy) if policy else metrics.Policy(())
        described = source_of(data, source, since, until, profile=profile)
        found = measure_source(
            described, against, rules, folder, engine=engine, threads=cores(), tallies=tallies, say=say
        )
        opinions: list[Opinion] = []
        if second_opinion:
            from tribune_monitors.measurement.second_opinion import second_opinion as asked

            say("Asking scikit-learn and fairlearn")
            opinions = asked(against, found.tally, found.evidence.document)
        if drawn is not None:
            say("Drawing")
            _draw(found.evidence.document, against, rules, drawn)
        if form is Form.JSON:
            result = found.evidence.data
        elif form is Form.HTML:
            from tribune.figures.report_page import report_page
            from tribune_monitors.sources.opening import title_of

            say("Drawing")
            name = title_of(described.rows.data)
            page = report_page(
                found.evidence.document, against, rules, title=name, source=name, findings=found.findings
            )
            result = page.encode()
        else:
            from shutil import get_terminal_size

            from tribune.reports.tables import MOST, report_table
            from tribune_monitors.sources.opening import title_of

            result = report_table(
                found.evidence.document,
                against,
                rules,
                title=title_of(described.rows.data),
                findings=found.findings,
                most=None if every else MOST,
                width=max(72, get_terminal_size((100, 24)).columns),
            ).encode()
    if form is not Form.TABLE:
        for finding in found.findings:
            typer.echo(f"! {finding}", err=True)
    if output is None:
        typer.echo(result, nl=False)
    else:
        with plain_errors():
            write(output, result, force)
    if second_opinion:
        _compare(opinions)
    if check:
        _judge(rules, found.evidence.document)


def manifest(
    folder: Annotated[Path, typer.Argument(help="Files that a model was trained or evaluated on.")],
    output: Output = None,
    expect: Annotated[
        str,
        typer.Option(metavar="DIGEST", help="End with 1 where this is not the digest.", show_default=False),
    ] = "",
    json: Json = False,
    force: Force = False,
) -> None:
    """Give the digest of training or evaluation data: one word for all its files.

    With --json, or in the file that -o names, each file with its digest: what the word is of.
    """
    with plain_errors():
        from tribune.reports.canonical import canonical_bytes
        from tribune.reports.dataset import describe_files

        free(output, force)
        with progress(json) as tell:
            tell("Reading the files")
            found = describe_files(folder)
        if output is not None:
            write(output, canonical_bytes(found.document), force)
        rows = sum(file.rows or 0 for file in found.files)
        typer.echo(canonical_bytes(found.document) if json else f"0x{found.digest.hex()}")
        typer.echo(
            f"{counted(len(found.files), 'file')}, {counted(sum(f.size for f in found.files), 'byte')}"
            + (f", {counted(rows, 'Parquet row')}" if rows else ""),
            err=True,
        )
        if expect and expect.lower().removeprefix("0x") != found.digest.hex():
            typer.echo(
                f"The data does not have the digest {expect}: a file was changed, added or removed.", err=True
            )
            raise typer.Exit(1)


def _compare(opinions: Sequence[Opinion]) -> None:
    """Say what another library makes of the same counts; end with a code where it differs."""
    if not opinions:
        typer.echo(
            "Second opinion: none; nothing here is defined alike by scikit-learn and fairlearn", err=True
        )
        return
    names = sorted({opinion.library for opinion in opinions})
    agreed = [opinion for opinion in opinions if opinion.agrees]
    typer.echo(f"Second opinion, {' and '.join(names)}: {len(agreed)} of {len(opinions)} equal", err=True)
    for one in opinions:
        if not one.agrees:
            ours, theirs = one.ours / 1e6, one.theirs / 1e6
            typer.echo(f"  {one.metric}: {ours:.6f} here, {theirs:.6f} by {one.library}", err=True)
    if len(agreed) < len(opinions):
        raise typer.Exit(1)


def _judge(rules: metrics.Policy, document: Mapping[str, Any]) -> None:
    """End with a code where a rule is broken, or where one could not be judged."""
    from tribune.reports.tables import verdict

    judged = list(zip(rules.rules, document["rules"], strict=True))
    for wrong, said, code in (("BROKEN", "Broken", 1), ("unknown", "Not measured", 3)):
        names = dict.fromkeys(  # each once: several rules may be on one metric
            rule.metric for rule, entry in judged if verdict(rule, entry["value"]) == wrong
        )
        if names:
            typer.echo(f"{said}: {', '.join(names)}", err=True)
            raise typer.Exit(code)


def _draw(document: Mapping[str, Any], profile: metrics.Profile, rules: metrics.Policy, folder: Path) -> None:
    from tribune.figures.report import report_drawings, write_drawings

    write_drawings(report_drawings(document, profile, rules, title="At a glance"), folder)
