"""The gate before a model: answers for it while it may not run. Imports no web3, SQLModel or pandas.

    from tribune.gate import gated

    app = gated(app)

Which model, and how the gate knows of it, stands under `[gate]` in `tribune.toml`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tribune.gate.configured import gated
    from tribune.gate.guard import permission, permitted
    from tribune.gate.middleware import ModelGate
    from tribune.gate.recorder import Answer, open_recorder
    from tribune.gate.recording import decided, recorded

__all__ = ["Answer", "ModelGate", "decided", "gated", "open_recorder", "permission", "permitted", "recorded"]

_HOMES = {
    "Answer": "tribune.gate.recorder",
    "ModelGate": "tribune.gate.middleware",
    "decided": "tribune.gate.recording",
    "gated": "tribune.gate.configured",
    "open_recorder": "tribune.gate.recorder",
    "permission": "tribune.gate.guard",
    "permitted": "tribune.gate.guard",
    "recorded": "tribune.gate.recording",
}


def __getattr__(name: str) -> Any:
    """Import a name's module when the name is first used."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
