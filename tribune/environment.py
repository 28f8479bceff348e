"""Environment variables: none of ours is misspelt in silence, and children get them all but the secrets."""

from __future__ import annotations

import difflib
import os
from collections.abc import Collection, Sequence

from tribune.exceptions import ConfigurationError


def check_environment(
    prefix: str, known: Sequence[str], groups: Collection[str], others: Collection[str]
) -> None:
    """Refuse a variable that begins with the prefix and names no setting.

    Args:
        prefix: of all settings.
        known: the settings' variables without it, to guess what was meant.
        groups: first parts of their names; what follows one is looked at by whoever reads it.
        others: variables that may have such a name, since they hold a secret.

    Raises:
        ConfigurationError: there is one.
    """
    for name in sorted(os.environ.keys() - others):
        given = name.upper()
        if not given.startswith(prefix):
            continue
        wanted = given.removeprefix(prefix)
        if wanted.split("__")[0].lower() in groups:
            continue
        near = difflib.get_close_matches(wanted, known, n=1)
        raise ConfigurationError(
            f"There is no setting {name}.",
            mend=f"Did you mean {prefix}{near[0]}?" if near else "Take it out of the environment.",
        )


def without(hidden: Collection[str]) -> dict[str, str]:
    """Return this process's variables but for some, for a child.

    While a thread imports numpy, that sets variables and takes them away: going through the items of
    `os.environ`, or copying it, then raises KeyError at times.
    """
    found = ((name, os.environ.get(name)) for name in os.environ if name not in hidden)
    return {name: value for name, value in found if value is not None}
