"""Faults on purpose: real worker processes, killed at every step or cut off, judged from the chain alone.

`python -m chaos` runs campaigns (`make chaos`); the `test_*.py` here are their short, seeded parts. Nothing
of this is in the product: the workers run as anybody's would, under a launcher that kills them as told.
"""
