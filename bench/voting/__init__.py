"""What the benchmark of the bot votes on."""
