"""Redaction: what a log of decisions must not hold, taken out before the log sees it.

"drop" records a column as missing; "digest" replaces a text by its HMAC-SHA256 under a secret, so that equal
values of a column stay equal and nobody without the secret can guess them back. The secret stays with the
operator: losing it makes later values unlike earlier ones, and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Literal

from tribune.decisions.leaf import LogSchema
from tribune.exceptions import ConfigurationError, DataError

Rule = Literal["drop", "digest"]
LEAST_SECRET = 16


class Redaction:
    """What to do with which columns of a log.

    Args:
        schema: the log's columns.
        rules: column → "drop" or "digest".
        secret: for digests, 16 bytes or more.

    Raises:
        ConfigurationError: for a column or rule that there is not, a digest of numbers, or no secret for it.
    """

    def __init__(self, schema: LogSchema, rules: Mapping[str, Rule], secret: bytes = b"") -> None:
        for name, rule in rules.items():
            if name not in schema.features:
                raise ConfigurationError(f"The log has no column {name!r} to redact.", mend="Check its name.")
            if rule not in ("drop", "digest"):
                raise ConfigurationError(f'A column is redacted by "drop" or "digest", not {rule!r}.')
            if rule == "digest" and schema.features[name] == "numeric":
                raise ConfigurationError(
                    f"Column {name!r} holds numbers, and a digest is none.", mend='Redact it by "drop".'
                )
        if "digest" in rules.values() and len(secret) < LEAST_SECRET:
            raise ConfigurationError(
                f"Redaction by digest needs a secret of {LEAST_SECRET} bytes or more.",
                mend="Name a file with one in TRIBUNE_GATE__LOG__REDACT_SECRET_FILE.",
            )
        self._rules = dict(rules)
        self._secret = secret

    def of(self, features: Mapping[str, object]) -> Mapping[str, object]:
        """Return the features as the log may see them.

        Raises:
            DataError: for a value to be digested that is no valid text.
        """
        if not self._rules:
            return features
        found = dict(features)
        for name, rule in self._rules.items():
            value = found.get(name)
            if value is not None:
                found[name] = None if rule == "drop" else self._digest(name, value)
        return found

    def _digest(self, name: str, value: object) -> str:
        if not isinstance(value, str):
            raise DataError(f"Column {name!r} holds text, but got {type(value).__name__}.")
        try:
            message = name.encode() + b"\0" + value.encode()
        except UnicodeEncodeError:
            raise DataError("The decision holds text that is not valid Unicode.") from None
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()
