"""Backtests: what a policy would have done over past frames, by chance alone, and with faults put in."""
