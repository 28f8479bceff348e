"""From data to the draft of a `model.toml` that a person then reads and mends."""
