"""Signed delegations: checked, queued and brought to the chain."""
