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

__all__ = ["ModelGate", "gated", "permission", "permitted"]

_HOMES = {
    "ModelGate": "tribune.gate.middleware",
    "gated": "tribune.gate.configured",
    "permission": "tribune.gate.guard",
    "permitted": "tribune.gate.guard",
}


def __getattr__(name: str) -> Any:
    """Import a name's module when the name is first used."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
