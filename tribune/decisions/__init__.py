"""The record of what a model decided: leaves, Merkle trees, the log, its seals, what is anchored."""
