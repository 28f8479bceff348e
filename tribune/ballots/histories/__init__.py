"""What happened to a model and why, told from the index alone."""
