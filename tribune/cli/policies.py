"""Commands about rules: write a policy to begin with, say one in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tribune.cli.data import free, write
from tribune.cli.options import Force, Json, Output, Profile, Step
from tribune.cli.running import plain_errors
from tribune.cli.showing import say, show_json
from tribune.wording import counted

if TYPE_CHECKING:
    from tribune.metrics import Rule

policy = typer.Typer(no_args_is_help=True, help="The rules that a model is judged by.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(policy, name="policy")


@policy.command("init")
def policy_init(
    profile: Profile = Path("profile.json"),
    step: Step = "",
    frames_a_year: Annotated[int | None, typer.Option(min=1, help="In place of --step.")] = None,
    trips: Annotated[float, typer.Option(help="False alarms a year that may stop the model.")] = 0.01,
    votes: Annotated[float, typer.Option(help="False alarms a year that may open a vote.")] = 0.1,
    warns: Annotated[float, typer.Option(help="False alarms a year that may warn.")] = 1.0,
    k: Annotated[int, typer.Option(min=1, help="Monitors that must agree.")] = 2,
    json: Json = False,
    output: Output = None,
    force: Force = False,
) -> None:
    """Write the default policy of a model: rules that chance alone breaks at most so often a year.

    Without --output it is shown. --json tells of its rules, and what was left out and why.
    """
    with plain_errors():
        from tribune import metrics
        from tribune.exceptions import ConfigurationError
        from tribune.metrics.policies.alarms import YEAR_S
        from tribune.metrics.policies.default_policy import Allowance, default_policy, default_terms
        from tribune.metrics.policies.policy_text import write_policy
        from tribune.metrics.policies.terms import seconds_of

        free(output, force)
        if step and frames_a_year:
            raise ConfigurationError(
                "--step and --frames-a-year say the same thing.", mend="Give one of them."
            )
        step_s = YEAR_S // frames_a_year if frames_a_year else seconds_of(step or "1h")
        made = default_policy(
            metrics.Profile.load(profile), default_terms(step_s, k=k), Allowance(trips, votes, warns)
        )
        text = write_policy(made)
        if output is not None:
            write(output, text.encode(), force)
        if json:
            facts: dict[str, Any] = {"rules": [_facts(rule) for rule in made.policy.rules]}
            facts |= {"left_out": dict(made.left_out), "notes": dict(made.notes)}
            show_json({"file": None if output is None else str(output), **facts})
            return
        if output is None:
            print(text, end="")
            return
        rules = counted(len(made.policy.rules), "rule")
        typer.echo(f"Wrote {output}: {rules}. Read them with tribune policy explain {output}.", err=True)
        for metric, reason in made.left_out.items():
            typer.echo(f"Left out {metric}: {reason}.", err=True)
        for metric, note in made.notes.items():
            typer.echo(f"{metric}: {note}", err=True)


@policy.command("explain")
def policy_explain(
    file: Annotated[Path, typer.Argument(help="A policy.toml.")],
    profile: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Names columns and counts false alarms.", show_default=False),
    ] = None,
    spec: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A model.toml: names columns.", show_default=False)
    ] = None,
    step: Step = "",
    json: Json = False,
) -> None:
    """Say rules in words, and with a profile how often chance alone breaks each."""
    with plain_errors():
        from tribune import metrics
        from tribune.metrics.policies.policy_text import explain, explain_chances
        from tribune.metrics.policies.terms import FrameTerms, seconds_of

        rules = metrics.Policy.load(file)
        if profile is None:
            lines = explain(rules, metrics.ModelSpec.load(spec) if spec else None)
        else:
            step_s = seconds_of(step) if step else FrameTerms.load(file).step_s
            lines = explain_chances(rules, metrics.Profile.load(profile), step_s)
        words = list(lines)
        say(json, {"rules": [_facts(rule) for rule in rules.rules], "words": words}, "\n".join(words))


def _facts(rule: Rule) -> dict[str, Any]:
    """Return a rule in the words of the policy's file; decimals as exact text."""
    from decimal import Decimal

    from tribune.metrics.fixed import MICRO

    exact = {name: str(Decimal(getattr(rule, name)) / MICRO) for name in ("limit", "z")}
    counts = {name: getattr(rule, name) for name in ("m", "w", "na_budget")}
    about = {
        "metric": rule.metric,
        "op": rule.op,
        "severity": rule.severity.name,
        "stage": rule.stage.name.lower(),
    }
    return {**about, **exact, **counts}
