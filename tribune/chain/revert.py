"""Read why a contract refused: custom errors of the committed ABIs, `require` strings and panics."""

from __future__ import annotations

from typing import Any

from tribune.chain.codec import committed_abis, shape, snake, type_of
from tribune.exceptions import ChainError, RevertedError

_ERROR_STRING = bytes.fromhex("08c379a0")
_PANIC = bytes.fromhex("4e487b71")
_PANICS = {
    0x01: "assertion",
    0x11: "arithmetic overflow",
    0x12: "division by zero",
    0x32: "index out of range",
}

_MENDS = {
    "AccessManagedUnauthorized": "This key does not hold the role that the function needs.",
    "EnforcedPause": "Wait until it is no longer paused.",
}


def decode_revert(data: bytes, *, doing: str = "", detail: str = "") -> RevertedError:
    """Return the error for revert data.

    Args:
        data: what the contract reverted with, empty where it gave no reason.
        doing: what was being done, for the message.
        detail: the node's own words, used where the data say nothing.

    Returns:
        An error whose ids carry `error` (the custom error's name), `said` (with its values), `args`, `data`.
    """
    name, args = _read(data)
    if name == "Error":
        said = str(args["reason"])
    elif name == "Panic":
        said = f"a panic: {_PANICS.get(args['code'], hex(args['code']))}"
    elif name:
        said = f"{name}({', '.join(f'{k}={_show(v)}' for k, v in args.items())})"
    else:
        said = f"0x{data.hex()}" if data else (detail or "no reason given")
    what = f" to {doing}" if doing else ""
    return RevertedError(
        f"The contract refused{what}: {said}.",
        mend=_MENDS.get(name, ""),
        error=name,
        said=said,
        args=args,
        data=data,
    )


def _read(data: bytes) -> tuple[str, dict[str, Any]]:
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError

    selector, body = data[:4], data[4:]
    try:
        if selector == _ERROR_STRING:
            return "Error", {"reason": decode(["string"], body)[0]}
        if selector == _PANIC:
            return "Panic", {"code": decode(["uint256"], body)[0]}
        for abi in committed_abis() if data else ():
            item = abi.errors.get(selector)
            if item is not None:
                values = decode([type_of(p) for p in item["inputs"]], body)
                pairs = zip(item["inputs"], values, strict=True)
                return str(item["name"]), {snake(p["name"]): shape(p, v) for p, v in pairs}
    except (DecodingError, OverflowError, ChainError):
        pass  # an error of another contract with the same selector: show the data as they are
    return "", {}


def _show(value: Any) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
