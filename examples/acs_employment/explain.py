"""What the gate's refusals say of a case: its evidence in plain words.

Reads the evidence from the stores, checked against the digest that the chain names. Where it cannot be had
the sentence says so; the refusal itself never waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tribune.exceptions import EvidenceError
from tribune.gate.status import CaseFacts
from tribune.ids import Digest, VersionNumber

if TYPE_CHECKING:
    from typing import Any

    from tribune.chain.policy_book import PolicyRecord


def explainer(
    stores: Sequence[str], profile: Digest, record: PolicyRecord, *, name: str, version: VersionNumber
) -> Callable[[CaseFacts], str | None]:
    """Return a function that says what a case is about; it blocks while it reads.

    Args:
        stores: evidence stores, asked in order.
        profile: registered digest of the version's profile.
        record: the policy that the model is judged by.
        name: the model's name for people.
        version: the version behind the gate.
    """

    def explain(case: CaseFacts) -> str | None:
        from tribune.chain.codec import snake
        from tribune.metrics import Policy
        from tribune.reports.words import Kind, Subject, case_words

        evidence = _read(stores, Digest(case.evidence)) if any(case.evidence) else None
        if case.kind != "Breach":
            subject = Subject(name, version, Kind(snake(case.kind)), stopped=True)
            words = case_words(subject, None, evidence, None)
            return f"{subject.name} is stopped: {words.clause}. {words.sentence}"
        policy = Policy.from_chain([rule.on_chain() for rule in record.policy.rules])
        rules = [rule for rule in policy.rules if (rule.metric, rule.limit) == (case.metric, case.limit)]
        subject = Subject(name, version, Kind.BREACH, case.value, case.limit, stopped=True)
        found = _profile(stores, profile)
        words = case_words(subject, rules[0] if rules else None, evidence, found)
        return f"{subject.name} {words.fault}. {words.sentence}"

    return explain


def _read(stores: Sequence[str], digest: Digest) -> dict[str, Any] | None:
    from tribune.reports.canonical import cid
    from tribune.reports.evidence_store import read_evidence

    for store in stores:
        try:
            return read_evidence(store, cid(digest), timeout_s=2.0)
        except EvidenceError:
            continue
    return None


def _profile(stores: Sequence[str], digest: Digest) -> Any:
    from tribune.metrics import Profile
    from tribune.reports.canonical import canonical_bytes

    document = _read(stores, digest)
    return None if document is None else Profile.from_bytes(canonical_bytes(document))
