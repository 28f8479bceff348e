"""Every metric there is: its name, kind, labels and meaning. Nothing else is ever shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """A family of numbers.

    Args:
        name: as Prometheus has it; a counter's ends with `_total`.
        about: what it says, for people.
        labels: names of its labels, each of few values: models, jobs and nodes.
        kind: a counter only rises while its process runs.
    """

    name: str
    about: str
    labels: tuple[str, ...] = ()
    kind: Literal["gauge", "counter"] = "gauge"


METRICS = {
    one.name: one
    for one in (
        # Every process
        Metric("tribune_up_to_date", "1 while everything that should make progress does (as /health says)"),
        Metric("tribune_progress_timestamp_seconds", "When a part last made progress", ("part",)),
        Metric("tribune_chain_head_number", "Newest block that was seen"),
        Metric("tribune_chain_head_timestamp_seconds", "Time of the newest block, by the chain"),
        Metric(
            "tribune_clock_skew_seconds",
            "Local clock less the newest block's time when it was first seen; a block or two is normal",
        ),
        Metric(
            "tribune_rpc_up", "1 if a node answered for our chain when all were last asked", ("endpoint",)
        ),
        Metric("tribune_rpc_head_number", "Newest block of a node", ("endpoint",)),
        Metric(
            "tribune_rpc_errors_total", "How often a node gave no usable answer", ("endpoint",), "counter"
        ),
        Metric(
            "tribune_rpc_split_view",
            "1 while nodes name different blocks at one height, or the only two that answer stand far apart",
        ),
        Metric(
            "tribune_store_errors_total", "How often the database did not answer as it should", (), "counter"
        ),
        Metric("tribune_outbox_rows", "What waits to be carried out, or failed for good", ("state",)),
        Metric("tribune_outbox_oldest_seconds", "How long the oldest row of the outbox waits"),
        Metric("tribune_ballot_oldest_seconds", "How long the oldest ballot waits to be in a block"),
        Metric(
            "tribune_balance_coins",
            "What the process' key has to pay gas with, in the chain's coin",
            ("role",),
        ),
        # Monitors
        Metric("tribune_frame_last", "Newest frame of which our report counts", ("monitor", "model")),
        Metric(
            "tribune_report_lag_seconds",
            "From the end of that frame to the block in which our report counted",
            ("model",),
        ),
        Metric("tribune_reports", "Our reports, by where they stand", ("model", "state")),
        Metric(
            "tribune_frames_missed",
            "Of our last 100 frames with a deadline passed, those with an anchored log and no report of ours",
            ("model",),
        ),
        Metric(
            "tribune_agreement_ratio",
            "Share of our last 100 frames with a deadline passed in which the quorum had our result",
            ("model",),
        ),
        Metric("tribune_model_stale", "1 while the chain says that the panel is late", ("model",)),
        Metric(
            "tribune_model_disputed", "1 while the chain says that monitors contradict each other", ("model",)
        ),
        Metric(
            "tribune_peer_witness_differs_total",
            "Frames in which a peer did not show that it had the data",
            ("model",),
            "counter",
        ),
        Metric("tribune_faults", "Frames and models that cannot be looked at now", ("model",)),
        Metric("tribune_job_failures_total", "How often a job failed", ("work",), "counter"),
        Metric(
            "tribune_monitor_standing_down", "1 while another process acts for our key, or it cannot be known"
        ),
        Metric("tribune_evidence_copies_owed", "Documents that an evidence store of ours did not take yet"),
        # Logs
        Metric(
            "tribune_frames_unsealed",
            "Frames whose grace is over and that are not dealt with yet",
            ("model", "version"),
        ),
        # Sidecars of gates
        Metric("tribune_gate_models", "Models that a sidecar watches"),
        Metric("tribune_gate_blind_models", "Of these, those of which too little is known to let them run"),
        Metric("tribune_gate_stopped_models", "Of these, those that may not run, as far as is known"),
        Metric("tribune_gate_sockets", "Gates that are connected"),
        Metric("tribune_gate_hooks_owed", "Hooks of a halt or its end that nobody has taken yet"),
        Metric("tribune_gate_refusals_total", 'How often a proxy was told "no"', (), "counter"),
        # Bot
        Metric("tribune_index_block", "Newest block in the index"),
    )
}
