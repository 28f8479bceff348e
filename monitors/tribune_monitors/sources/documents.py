"""Profiles by their digest, from the first store that has them whole."""

from __future__ import annotations

from collections.abc import Sequence

from tribune.exceptions import EvidenceMissingError
from tribune.ids import Digest
from tribune.metrics import Profile
from tribune.reports.canonical import canonical_bytes, cid
from tribune.reports.evidence_store import read_from_any


def load_profile(stores: Sequence[str], digest: Digest) -> Profile:
    """Return the profile of a registered digest.

    Raises:
        EvidenceMissingError: no store gives it; this is "could not look".
    """
    name = cid(digest)
    missing = EvidenceMissingError(
        f"No store holds the profile {name}.",
        mend="Ask the steward where it is, and add that store to TRIBUNE_EVIDENCE_READ_URLS.",
        digest=digest,
    )
    return Profile.from_bytes(canonical_bytes(read_from_any(stores, name, missing)))
