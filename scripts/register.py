"""Register a model or a version, or let a version take force: `ape run register --help`. For the steward."""

from __future__ import annotations

from pathlib import Path

import click
from ape.cli import ConnectedProviderCommand

from scripts.acts import models
from scripts.acts.command import deployment, key, sending
from scripts.acts.models import digest_of
from tribune.chain.model_registry import VersionDetails
from tribune.ids import ModelId, VersionNumber

_DIGEST = "A file, or its SHA-256 in hex."


@click.command(cls=ConnectedProviderCommand)
@click.argument("name", required=False)
@click.option("--model", type=click.IntRange(min=1), help="The model whose version is meant.")
@click.option("--activate", type=click.IntRange(min=1), metavar="VERSION", help="Let it take force.")
@click.option("--artifact", help=f"What serves. {_DIGEST}")
@click.option("--profile", help=f"What monitors measure against. {_DIGEST}")
@click.option("--evaluation-set", help=f"Manifest of the evaluation set. {_DIGEST}")
@click.option("--training-data", help=f"Manifest of the training data. {_DIGEST}")
@click.option("--configuration", help=f"How it was trained. {_DIGEST}")
@click.option("--parent", type=click.IntRange(min=0), default=0, help="Version that it derives from.")
@click.option("--uri", default="", help="Where people and monitors find profile and card.")
@sending
def cli(
    name: str | None,
    model: int | None,
    activate: int | None,
    artifact: str | None,
    profile: str | None,
    evaluation_set: str | None,
    training_data: str | None,
    configuration: str | None,
    parent: int,
    uri: str,
    folder: Path,
    alias: str | None,
    yes: bool,
) -> None:
    """Register a model by NAME; or with --model a version of it, or with --activate let one take force."""
    if (name is None) == (model is None):
        raise click.UsageError("Give the NAME of a new model, or --model.")
    with deployment(folder, yes=yes) as session:
        sender = key(alias)
        if name is not None:
            models.register_model(session, sender, name)
        elif model is not None and activate is not None:
            models.activate(session, sender, ModelId(model), VersionNumber(activate))
        elif model is not None:
            details = VersionDetails(
                artifact=digest_of(artifact, "artifact"),
                profile=digest_of(profile, "profile"),
                evaluation_set=digest_of(evaluation_set, "evaluation set"),
                uri=uri,
                training_data=digest_of(training_data, "training data"),
                configuration=digest_of(configuration, "configuration"),
                parent=VersionNumber(parent),
            )
            models.register_version(session, sender, ModelId(model), details)
