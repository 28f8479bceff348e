"""Files that people write (model, policy, source): TOML, with decimals as they stand there."""

from __future__ import annotations

import json
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


def toml_text(text: str) -> str:
    """Return a TOML basic string; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(name: str) -> str:
    """Return a TOML key, bare where that is one."""
    bare = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if bare else toml_text(name)
