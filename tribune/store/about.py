"""What an event is about, from its arguments: model, case, frame, account, proposal; so that it is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NOBODY = "0x" + "0" * 40
_ACCOUNTS = ("voter", "monitor", "auditor", "steward", "proposer", "account", "delegator")


def about(args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a stored event that say what it is about; None where it names none.

    Args:
        args: decoded arguments, in snake_case.
    """
    proposal = args.get("proposal_id")
    return {
        "model_id": args.get("model_id", args.get("token_id")),  # a model is a token of the registry
        "case_id": args.get("case_id") or None,  # 0 stands for none
        "frame": args.get("frame"),
        "account": _account(args),
        "proposal": None if proposal is None else proposal_key(proposal),
    }


def proposal_key(proposal_id: int) -> str:
    """Return a proposal's id as events keep it: 0x and 64 hex digits, since JSON in a database rounds it."""
    return f"0x{proposal_id:064x}"


def _account(args: Mapping[str, Any]) -> str | None:
    """Return the account that acted, or that it was done to."""
    if "token_id" in args and "to" in args:  # handed over by its old steward, or given to its first
        return str(args["to"] if args["from"] == _NOBODY else args["from"])
    return next((str(args[name]) for name in _ACCOUNTS if name in args), None)
