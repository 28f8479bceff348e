"""From a measured frame to a final report: evidence, signatures, quorum, peers, one process a key."""
