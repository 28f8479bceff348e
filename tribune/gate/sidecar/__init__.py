"""One process that watches for all gates of a host: its face, its process, what gates ask it by."""
