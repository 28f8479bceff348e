"""Notices that a model stopped or may run again, and what was delivered of them, on disk.

One notice is owed at a time, the newest: what matters is how things stand. It is written before the first try
and struck out after it was taken, so that a restart goes on with it, under the same id, and repeats nothing
that was taken. A try whose outcome nobody knows counts as neither: the next notice is delivered in any case.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tribune.exceptions import ConfigurationError
from tribune.ids import ModelId

HALT, RESUME = "halt", "resume"
SCHEMA = "tribune/hooks/1"


@dataclass(frozen=True)
class Notice:
    """One transition.

    Args:
        id: the same at every try.
        kind: "halt" or "resume".
        seen_at: when it was seen, unix seconds.
        data: what is known of it: model, cause, block, and of a halt the problem that askers read.
    """

    id: str
    kind: str
    seen_at: float
    data: dict[str, Any]

    def document(self) -> dict[str, Any]:
        """Return what is handed over, in the shape of Standard Webhooks."""
        return {
            "type": "model.halted" if self.kind == HALT else "model.resumed",
            "timestamp": datetime.fromtimestamp(self.seen_at, UTC).isoformat().replace("+00:00", "Z"),
            "data": self.data,
        }


class Ledger:
    """What one channel of one model has been told, and what it is owed.

    Args:
        folder: for all ledgers; made if it is not there.
        model_id: the model.
        channel: its name.

    Raises:
        ConfigurationError: the folder cannot be used, or what is in it is no ledger.
    """

    def __init__(self, folder: Path, model_id: ModelId, channel: str) -> None:
        self._path = folder / f"{model_id}-{channel}.json"
        self.told: str | None = None
        """The kind of the last notice that was taken; "" where nobody knows; None where none ever was."""
        self.owed: Notice | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if self._path.exists():
                found = json.loads(self._path.read_text(encoding="utf-8"))
                self.told = found["told"]
                self.owed = None if found["owed"] is None else Notice(**found["owed"])
            self._write()
        except OSError as fault:
            raise ConfigurationError(
                f"What hooks have delivered cannot be noted in {folder}: {fault.strerror}.",
                mend="Name a folder that may be written as state under [gate.hooks].",
            ) from fault
        except (ValueError, KeyError, TypeError) as fault:
            raise ConfigurationError(
                f"{self._path} does not say what hooks have delivered: {fault!r}.",
                mend="Take it away; what it stood for is then delivered anew.",
            ) from fault

    def owe(self, notice: Notice) -> None:
        """Note a notice before it is tried."""
        self.told, self.owed = "", notice
        self._write()

    def settle(self, kind: str) -> None:
        """Note that a notice of this kind was taken, or that none was needed."""
        self.told, self.owed = kind, None
        self._write()

    def _write(self) -> None:
        owed = None if self.owed is None else vars(self.owed)
        text = json.dumps({"schema": SCHEMA, "told": self.told, "owed": owed}, ensure_ascii=False, indent=1)
        temporary = self._path.with_suffix(".tmp")
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
