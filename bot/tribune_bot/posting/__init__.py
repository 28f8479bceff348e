"""How messages come into Discord once, whatever happens in between: channels, threads, direct messages."""
