"""Labels: what turned out to be true, brought by the steward, never by the gate.

A batch becomes one partition in the log's inbox, named by its arrival; the first frame whose end plus grace
lies after it takes it into its manifest. Refuses a batch whole if one row of it cannot be used. A correction
is a further row: the least (time, label) of an id wins where labels are counted.
"""

from __future__ import annotations

import contextlib
import secrets
import time as clock
from collections.abc import Iterable
from pathlib import Path

from tribune.decisions.frames.partitions import label_table, write_table
from tribune.decisions.leaf import Kind, check_id
from tribune.decisions.waiting.slots import sync_folder
from tribune.exceptions import DataError, LogUnavailableError

INBOX = "labels"


def append_labels(
    folder: Path,
    rows: Iterable[tuple[str, int, object]],
    *,
    kind: Kind = "category",
    now: int | None = None,
) -> Path:
    """Append a batch of labels to the log of a model version and return its partition.

    Args:
        folder: the log folder of the model version.
        rows: (id of the decision, time of the label in UTC microseconds, label).
        kind: of the label: text, or a number.
        now: arrival in UTC microseconds; the clock's where None.

    Raises:
        DataError: for no rows, or one without id, time or label.
        LogUnavailableError: when it cannot be written; nothing was appended then.
    """
    checked = [_checked(i, row, kind) for i, row in enumerate(rows)]
    if not checked:
        raise DataError("There are no labels to append.")
    arrival = clock.time_ns() // 1000 if now is None else now
    inbox = folder / INBOX
    path = inbox / f"{arrival:020d}-{secrets.token_hex(6)}.parquet"
    temporary = path.with_suffix(".tmp")
    try:
        inbox.mkdir(parents=True, exist_ok=True)
        write_table(label_table(checked, kind), temporary)
        temporary.rename(path)
        sync_folder(inbox)
    except OSError as fault:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise LogUnavailableError(f"The labels cannot be written: {fault.strerror}.") from fault
    return path


def arrived_before(folder: Path, moment: int) -> list[Path]:
    """Return the label partitions that wait in the inbox and arrived before a moment, oldest first."""
    waiting = sorted((folder / INBOX).glob("*.parquet"))
    return [path for path in waiting if int(path.name.split("-")[0]) < moment]


def _checked(index: int, row: tuple[str, int, object], kind: Kind) -> tuple[str, int, object]:
    id_, time, label = row
    if not isinstance(id_, str) or type(time) is not int or not 0 <= time < 2**63:
        raise DataError(f"Label {index} needs an id (text) and a time (UTC microseconds, integer).")
    wanted = str if kind == "category" else (int, float)
    if not isinstance(label, wanted) or isinstance(label, bool):
        raise DataError(f"Label {index} is {label!r}, but this model's labels are of kind {kind}.")
    return check_id(id_), time, label
