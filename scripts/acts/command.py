"""What the commands of daily acts share: options, the open deployment, and errors as people read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from scripts.acts.session import Session, opened
from scripts.deployment import ape_key
from scripts.deployment.ape_key import ApeKey
from tribune.exceptions import TribuneError

_FOLDER = click.option(
    "--folder", type=Path, default=Path("deployments"), show_default=True, help="Where records are."
)
_ACCOUNT = click.option("--account", "alias", help="Alias of the ape account that sends.")
_YES = click.option("--yes", is_flag=True, help="Do not ask.")
_PLAN = click.option(
    "--plan", type=Path, metavar="FOLDER", help="Write it for the executive in place of proposing it."
)


def reading(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of one that only reads."""
    return _FOLDER(function)


def sending(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of one that sends a transaction."""
    return _FOLDER(_ACCOUNT(_YES(function)))


def deciding(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of one that the executive must decide."""
    return sending(_PLAN(function))


@contextmanager
def deployment(folder: Path, *, yes: bool = False) -> Iterator[Session]:
    """Open the connected chain's deployment; an error becomes what a person reads."""
    try:
        with opened(ape_key.connected(), folder, click.echo, _asker(yes)) as session:
            yield session
    except TribuneError as error:
        raise click.ClickException(str(error)) from error


def key(alias: str | None, plan: Path | None = None) -> Any:
    """Return who sends; None where nothing is sent."""
    return None if plan is not None else ApeKey(ape_key.account(alias))


def _asker(yes: bool) -> Callable[[str], bool]:
    return (lambda _: True) if yes else click.confirm
