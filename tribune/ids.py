"""Names for the identifiers that cross module borders, so that one is never passed for another."""

from typing import NewType

ModelId = NewType("ModelId", int)
"""Token id of a model in `ModelRegistry`."""

VersionNumber = NewType("VersionNumber", int)
"""Version of a model, counted from 1; 0 means "none"."""

FrameIndex = NewType("FrameIndex", int)
"""Index of a frame on a model's grid, counted from 1; 0 is a version's evaluation."""

CaseId = NewType("CaseId", int)
"""Number of a case in `KillSwitch`, counted from 1; 0 means "none"."""

ProposalId = NewType("ProposalId", int)
"""Proposal id of a governor (uint256)."""

Digest = NewType("Digest", bytes)
"""A digest of 32 bytes."""

Cid = NewType("Cid", str)
"""CIDv1, raw codec, sha2-256, base32 in lower case."""

Address = NewType("Address", str)
"""An account's address with its EIP-55 checksum."""
