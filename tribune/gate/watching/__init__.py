"""How a gate's process sees the chain: one watcher for all its models, and what it asks besides."""
