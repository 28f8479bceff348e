"""Transactions as a batch file of Safe's Transaction Builder (format 1.0), with its checksum.

`data` is what a Safe carries out; `contractMethod` and `contractInputsValues` beside it are for readers. The
checksum is keccak-256 over the file without it and with the name null: objects as their sorted keys followed
by their values.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

_VERSION = "1.0"
_BUILDER = "1.18.0"


@dataclass(frozen=True)
class SafeCall:
    """One transaction of a batch; `item` and `arguments` are the function's ABI and values, where known."""

    to: str
    data: bytes
    item: Mapping[str, Any] | None = None
    arguments: Sequence[Any] = ()


def batch(
    calls: Sequence[SafeCall], *, chain_id: int, safe: str, name: str, description: str, created_ms: int
) -> dict[str, Any]:
    """Return a batch file's content.

    Args:
        calls: in order; a Safe carries them out together or not at all.
        chain_id: of the network.
        safe: the Safe that is to import it.
        name: shown in the list of batches.
        description: what it does.
        created_ms: unix milliseconds.
    """
    made: dict[str, Any] = {
        "version": _VERSION,
        "chainId": str(chain_id),
        "createdAt": created_ms,
        "meta": {
            "name": name,
            "description": description,
            "txBuilderVersion": _BUILDER,
            "createdFromSafeAddress": safe,
            "createdFromOwnerAddress": "",
        },
        "transactions": [_transaction(call) for call in calls],
    }
    made["meta"]["checksum"] = checksum(made)
    return made


def checksum(content: Mapping[str, Any]) -> str:
    """Return the checksum of a batch file's content, whether or not that holds one."""
    # A batch may be renamed without losing its checksum, so the name counts as null.
    meta = {key: value for key, value in content["meta"].items() if key != "checksum"} | {"name": None}
    return "0x" + keccak(text=_serialised({**content, "meta": meta})).hex()


def _transaction(call: SafeCall) -> dict[str, Any]:
    made: dict[str, Any] = {"to": call.to, "value": "0", "data": "0x" + call.data.hex()}
    if call.item is None:
        return {**made, "contractMethod": None, "contractInputsValues": None}
    inputs = [_input(one) for one in call.item["inputs"]]
    values = {
        one["name"]: _shown(value) for one, value in zip(call.item["inputs"], call.arguments, strict=True)
    }
    method = {"inputs": inputs, "name": call.item["name"], "payable": False}
    return {**made, "contractMethod": method, "contractInputsValues": values}


def _input(parameter: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "internalType": parameter.get("internalType") or parameter["type"],
        "name": parameter["name"],
        "type": parameter["type"],
    }
    if parameter.get("components"):
        made["components"] = [_input(part) for part in parameter["components"]]
    return made


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return json.dumps([_plain(one) for one in value], separators=(",", ":"), ensure_ascii=False)
    shown = _plain(value)
    return json.dumps(shown) if isinstance(shown, bool) else str(shown)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _serialised(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(_serialised(one) for one in value)}]"
    if isinstance(value, Mapping):
        keys = sorted(value)
        return "{" + _json(keys) + "".join(f"{_serialised(value[key])}," for key in keys) + "}"
    return _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
