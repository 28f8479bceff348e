"""Files that people write (model, policy, source): TOML, with decimals as they stand there."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

from tribune.exceptions import ConfigurationError, UnreadableError


def load_toml(path: Path, what: str) -> dict[str, Any]:
    """Read a TOML file with decimals kept exact.

    Raises:
        UnreadableError, ConfigurationError: it cannot be read, or is no TOML; with the file and the fault.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as fault:
        raise UnreadableError(
            f"The {what} {path} cannot be read: {fault.strerror}.", mend="Check the path."
        ) from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ConfigurationError(f"The {what} {path} is not valid TOML: {fault}.") from fault
