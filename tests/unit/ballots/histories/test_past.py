"""What the index keeps of a model's past: stretches of service, lineage, policies, rules over frames."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from support.index import BEGAN, activated, happened, judged, policy_set, state_changed
from tribune.ballots.histories.judged import JudgedReport
from tribune.ballots.histories.lineage import lineage_of
from tribune.ballots.histories.policies import by_digest, in_force, policies_of
from tribune.ballots.histories.rules import rule_histories
from tribune.ballots.histories.stretches import stretches
from tribune.chain.enums import State

METRIC = "fairness.demographic_parity_difference.lower/SEX"
RULE = (METRIC, 0, 2, 0, 1, 1, 3, 3_000_000, 100_000, 0, 1_000_000)
NEWER = ("nobody.knows_this", *RULE[1:])


def registered_version(number: int, parent: int = 0) -> Any:
    words = ("artifact", "profile", "evaluation_set", "training_data", "configuration")
    details: dict[str, Any] = {word: f"0x{place:02x}" + "00" * 31 for place, word in enumerate(words, 1)}
    details |= {"parent": parent, "registered_at": 0, "uri": "https://models.example"}
    return happened("VersionRegistered", model_id=1, version=number, details=details)


def test_stretches__suspended_and_paused__cut_where_the_state_changed_by_time_too() -> None:
    events = [
        activated(1),
        state_changed(1, 1, 2, hours=2, until_hours=4),
        state_changed(1, 1, 3, hours=6),
        state_changed(1, 3, 1, hours=7),
    ]
    found = stretches(events, BEGAN + timedelta(hours=10))
    assert [(one.state, (one.end - BEGAN).total_seconds() / 3600) for one in found] == [
        (State.ACTIVE, 2), (State.SUSPENDED, 4), (State.ACTIVE, 6), (State.PAUSED, 7), (State.ACTIVE, 10)
    ]  # fmt: skip


def test_stretches__never_in_force__none() -> None:
    assert stretches([], BEGAN) == []


def test_lineage__handed_over_new_version_and_statement_withdrawn__told() -> None:
    auditor, heir = "0x" + "77" * 20, "0x" + "88" * 20
    stated: dict[str, Any] = {"version": 1, "auditor": auditor, "document": "0x" + "99" * 32}
    found = lineage_of(
        [
            registered_version(1),
            registered_version(2, parent=1),
            activated(1, hours=1, version=2),
            happened("StatementAttested", model_id=1, uri="x", time=0, **stated),
            happened("StatementWithdrawn", hours=3, model_id=1, **stated),
            happened("Transfer", model_id=1, **{"to": heir, "from": auditor}, hours=0),
        ]
    )
    assert found.steward == heir
    assert [(one.number, one.parent, len(one.in_force)) for one in found.versions.values()] == [
        (1, 0, 0),
        (2, 1, 1),
    ]
    assert found.statements[0].withdrawn_at == BEGAN + timedelta(hours=3)


def test_lineage__withdrawn_again__was_withdrawn_the_first_time() -> None:
    stated: dict[str, Any] = {"version": 1, "auditor": "0x" + "77" * 20, "document": "0x" + "99" * 32}
    found = lineage_of(
        [
            happened("StatementAttested", model_id=1, uri="x", time=0, **stated),
            happened("StatementWithdrawn", hours=3, model_id=1, **stated),
            happened("StatementWithdrawn", hours=5, model_id=1, **stated),
        ]
    )
    assert found.statements[0].withdrawn_at == BEGAN + timedelta(hours=3)


def test_policies__one_that_never_took_force__is_replaced() -> None:
    later = int((BEGAN + timedelta(hours=9)).timestamp())
    found = policies_of(
        [
            policy_set(1, [RULE]),
            policy_set(1, [], digest="0xbb", index=1, base=later),
            policy_set(1, [RULE, RULE], digest="0xcc", index=1, base=later, first_frame=10),
        ]
    )
    assert [one.digest for one in found] == ["0xaa", "0xcc"]
    for hours, digest in ((1, "0xaa"), (9, "0xcc")):
        force = in_force(found, BEGAN + timedelta(hours=hours))
        assert force is not None
        assert force.digest == digest
    assert in_force(found, BEGAN - timedelta(hours=1)) is None
    assert by_digest(found, "0xbb") is None


def test_rule_histories__a_gap_and_a_rule_of_a_newer_release__broken_first_and_unknown_left_out() -> None:
    [policy] = policies_of([policy_set(1, [NEWER, RULE, RULE])])
    events = [
        judged(1, 3, 0, 5, 400_000, hits=4),
        judged(1, 2, 0, 5, -(2**63)),
        judged(1, 1, 0, 5, 30_000),
        judged(1, 0, 0, 5, 1),
    ]
    for event in events:
        event.args["report"]["policy"] = "0x" + "aa" * 32
    found = rule_histories(JudgedReport.of(events[0]), policy.policy.rules, events, None)
    assert [one.hit for one in found] == [True, False]
    assert [(one.frame, one.micro) for one in found[0].points] == [(1, 30_000), (2, None), (3, 400_000)]
    assert found[0].measured
