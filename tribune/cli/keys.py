"""Commands on keys: make one, and see that the one of a role can sign."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tribune.cli.options import Json, Role, SettingsFile
from tribune.cli.running import plain_errors
from tribune.cli.showing import say

key = typer.Typer(no_args_is_help=True, help="Keys of monitor, logger, relayer.")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(key, name="key")


@key.command("new")
def key_new(
    file: Annotated[Path, typer.Argument(help="The encrypted keystore to make; never overwritten.")],
    secret_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="File with its password; made with a random one where it is missing.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Make a key and print its address; without a secret file, the password is asked for."""
    from tribune.exceptions import ConfigurationError
    from tribune.keys import new_keystore, new_secret_file
    from tribune.keys.keystore import read_secret, refuse_existing
    from tribune.keys.sources import ask_password

    with plain_errors():
        refuse_existing(file)
        if secret_file is None:
            what = f"the new keystore {file}"
            password = ask_password(what, "Name a file for it with --secret-file.")
            if ask_password(f"{what} again", "") != password:
                raise ConfigurationError("The two passwords differ, so nothing was made.", mend="Try again.")
        elif secret_file.exists():
            password = read_secret(secret_file, "secret file")
        else:
            password = new_secret_file(secret_file)
        address = new_keystore(file, password)
    say(json, {"address": address, "file": str(file)}, address)
    typer.echo(
        f"Keep a copy of {file} and of its password, apart from each other: neither can be made again.",
        err=True,
    )


@key.command("address")
def key_address(
    role: Role,
    settings: SettingsFile = None,
    json: Json = False,
) -> None:
    """Print the address of a role's key, after a signature to see that it can be used."""
    from tribune.keys import load_account, prove
    from tribune.settings import load_settings

    with plain_errors():
        address = prove(load_account(load_settings(settings), role))
    say(json, {"role": role, "address": address}, address)
