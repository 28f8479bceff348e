"""What a server writes into its log when a halt cut an answer: a line, not a trace of where the gate raised.

A gate can only fail to show that an answer was cut, and servers print the trace of what fails. With a
thousand streams cut at once that is seconds of the event loop, and nothing to learn from. Touches no other
record.
"""

from __future__ import annotations

import logging

from tribune.exceptions import ModelHaltedError

_SERVERS = ("uvicorn.error", "hypercorn.error")


def expect_cuts() -> None:
    """Have the servers' logs tell an answer that was cut in one line; again is harmless."""
    for name in _SERVERS:
        logging.getLogger(name).addFilter(_brief)


def _brief(record: logging.LogRecord) -> bool:
    fault = record.exc_info[1] if record.exc_info else None
    if isinstance(fault, ModelHaltedError):
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.msg, record.args, record.exc_info = f"an answer was cut: {fault.message}", None, None
    return True
