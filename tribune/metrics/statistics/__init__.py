"""What families of metrics are computed from: sums over outcomes and groups, intervals, gaps."""
