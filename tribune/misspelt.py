"""Finds environment variables that look like settings and are none, so that none is misspelt in silence."""

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
