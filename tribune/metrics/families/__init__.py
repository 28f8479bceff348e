"""The metrics themselves, a file per family."""
