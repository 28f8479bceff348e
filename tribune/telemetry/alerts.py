"""Alert rules for Prometheus: when a person should look, why, and where the runbook says what to do.

Thresholds follow the settings. Each rule names metrics of the catalogue only, and has a line of its own in
docs/runbook.md. Raises no alarm itself: whom Alertmanager calls is the operator's to say.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tribune.settings import Settings

HEAD = """\
# Alert rules for Tribune, made by `tribune service alerts` from the settings. Give Prometheus this file by
# `rule_files`, and have it scrape each part's port; docs/runbook.md says of each alert what to do.
"""
RUNBOOK = "docs/runbook.md"


@dataclass(frozen=True)
class Alert:
    """A rule.

    Args:
        name: of the alert.
        when: a PromQL expression; each series that it finds is an alarm.
        lasts: how long it must hold before the alarm, as Prometheus writes it.
        severity: `critical` where oversight fails or soon will, else `warning`.
        summary: one plain sentence; Prometheus puts labels into it.
    """

    name: str
    when: str
    lasts: str
    severity: Literal["critical", "warning"]
    summary: str


def alerts(settings: Settings) -> tuple[Alert, ...]:
    """Return the rules under these settings."""
    limits, behind = settings.telemetry, settings.chain.finality_blocks + 50
    of_model = "model {{ $labels.model }}"
    return (
        Alert(
            "TribuneGone",
            "absent(tribune_up_to_date)",
            "5m",
            "critical",
            "No process of Tribune can be scraped.",
        ),
        Alert(
            "TribuneStandsStill",
            "tribune_up_to_date == 0",
            "2m",
            "critical",
            "{{ $labels.instance }} runs and makes no progress.",
        ),
        Alert(
            "TribuneNotSealed",
            "tribune_frames_unsealed > 0",
            "10m",
            "critical",
            f"Frames of {of_model} are over and their log is not sealed and anchored.",
        ),
        Alert(
            "TribuneGateBlind",
            "tribune_gate_blind_models > 0",
            "1m",
            "critical",
            "{{ $labels.instance }} does not know whether {{ $value }} models may run: their gates refuse.",
        ),
        Alert(
            "TribuneModelStale",
            "tribune_model_stale == 1",
            "1m",
            "critical",
            f"The panel of {of_model} did not report in time.",
        ),
        Alert(
            "TribuneFrameMissed",
            "delta(tribune_frames_missed[1h]) > 0",
            "0m",
            "critical",
            f"We did not report a frame of {of_model} in time.",
        ),
        Alert(
            "TribuneDisputed",
            "tribune_model_disputed == 1",
            "1m",
            "critical",
            f"Monitors contradict each other about {of_model}.",
        ),
        Alert(
            "TribuneDisagreement",
            f"tribune_agreement_ratio < {limits.least_agreement:g}",
            "10m",
            "warning",
            f"The quorum has another result than ours too often for {of_model}.",
        ),
        Alert(
            "TribuneReportRefused",
            'delta(tribune_reports{state="refused"}[1h]) > 0',
            "0m",
            "warning",
            f"The contract will never take a report of ours on {of_model}.",
        ),
        Alert(
            "TribuneCannotLook",
            "tribune_faults > 0",
            "15m",
            "warning",
            f"Frames of {of_model} cannot be measured or sent.",
        ),
        Alert(
            "TribuneStandingDown",
            "tribune_monitor_standing_down == 1",
            "5m",
            "critical",
            "{{ $labels.instance }} stands down: another process acts for its key.",
        ),
        Alert(
            "TribuneWitnessDiffers",
            "increase(tribune_peer_witness_differs_total[1d]) > 0",
            "0m",
            "warning",
            f"A peer did not show that it had the data of {of_model}.",
        ),
        Alert(
            "TribuneLowBalance",
            f"tribune_balance_coins < {limits.low_balance:g}",
            "5m",
            "critical",
            "The key {{ $labels.role }} of {{ $labels.instance }} can soon pay for nothing.",
        ),
        Alert(
            "TribuneSplitView",
            "tribune_rpc_split_view == 1",
            "1m",
            "critical",
            "Our nodes show different chains to {{ $labels.instance }}.",
        ),
        Alert(
            "TribuneNodeDown",
            "tribune_rpc_up == 0",
            "15m",
            "warning",
            "The node {{ $labels.endpoint }} gives no usable answer.",
        ),
        Alert(
            "TribuneClockSkew",
            f"abs(tribune_clock_skew_seconds) > {limits.most_skew_s:g}",
            "5m",
            "warning",
            "The clock of {{ $labels.instance }} is not the chain's.",
        ),
        Alert(
            "TribuneJobFailing",
            "increase(tribune_job_failures_total[15m]) > 3",
            "5m",
            "warning",
            "{{ $labels.work }} fails again and again in {{ $labels.instance }}.",
        ),
        Alert(
            "TribuneEvidenceOwed",
            "tribune_evidence_copies_owed > 0",
            "1h",
            "warning",
            "An evidence store of {{ $labels.instance }} has not taken our documents for an hour.",
        ),
        Alert(
            "TribuneStoreErrors",
            "increase(tribune_store_errors_total[15m]) > 0",
            "0m",
            "warning",
            "The database of {{ $labels.instance }} does not answer as it should.",
        ),
        Alert(
            "TribuneOutboxStuck",
            "tribune_outbox_oldest_seconds > 3600",
            "5m",
            "warning",
            "Something has waited in the outbox of {{ $labels.instance }} for an hour.",
        ),
        Alert(
            "TribuneOutboxFailed",
            'delta(tribune_outbox_rows{state="failed"}[1h]) > 0',
            "0m",
            "warning",
            "Something was given up for good by {{ $labels.instance }}.",
        ),
        Alert(
            "TribuneBallotsWait",
            "tribune_ballot_oldest_seconds > 900",
            "5m",
            "critical",
            "A signed ballot has waited for a quarter of an hour at {{ $labels.instance }}.",
        ),
        Alert(
            "TribuneIndexBehind",
            f"tribune_chain_head_number - tribune_index_block > {behind}",
            "10m",
            "warning",
            "The index of {{ $labels.instance }} does not follow the chain.",
        ),
    )


def rules_file(settings: Settings) -> str:
    """Return the rules as Prometheus reads them (YAML; a JSON string is a YAML string)."""
    lines = ["groups:", "  - name: tribune", "    rules:"]
    for alert in alerts(settings):
        lines += [
            f"      - alert: {alert.name}",
            f"        expr: {json.dumps(alert.when)}",
            f"        for: {alert.lasts}",
            f"        labels: {{severity: {alert.severity}}}",
            "        annotations:",
            f"          summary: {json.dumps(alert.summary)}",
            f"          runbook: {RUNBOOK}#{alert.name.lower()}",
        ]
    return HEAD + "\n".join(lines) + "\n"
