"""Engines: what turns rows of partitions into tallies. One that fails the conformance file never signs."""
