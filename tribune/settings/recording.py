"""Settings of the decision log where decisions are made: what it may hold, and who signs its receipts.

Refuses a receipt key without its certificate, and a digest of values without a secret.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from tribune.settings.sections import Section


class RecordingSettings(Section):
    """What the log of decisions may hold, how much may wait for its disk, and who signs its receipts."""

    columns: Path | None = None
    """The model's description (`model.toml`): its features and groups are the columns of the log."""
    receipt_key: Path | None = None
    """File with the key that signs receipts (`tribune gate receipt-key` makes it); not set: receipts are
    unsigned and prove nothing against whoever runs the server."""
    receipt_certificate: Path | None = None
    """File with that key's certificate, which is public."""
    redact: dict[str, Literal["drop", "digest"]] = Field(default_factory=dict)
    """Columns that the log must not hold as they are: "drop" records them as missing, "digest" records their
    HMAC-SHA256, so that equal values stay equal."""
    redact_secret_file: Path | None = None
    """File whose first line is the secret of those digests, 16 characters or more."""
    max_body: int = Field(default=65_536, ge=256, le=2**24)
    """Most bytes that one decision may have in the log."""
    capacity: int = Field(default=65_536, ge=1)
    """Decisions that may wait in memory for the disk; beyond it they are refused."""
    fsync_s: float = Field(default=1.0, ge=0)
    """Pause between two waits for the device: what a power cut can cost; 0 waits after every write."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.receipt_key is None) != (self.receipt_certificate is None):
            raise ValueError("receipt_key and receipt_certificate belong together: give both or neither")
        if "digest" in self.redact.values() and self.redact_secret_file is None:
            raise ValueError("a digest needs a redact_secret_file")
        return self
