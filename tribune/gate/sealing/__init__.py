"""The steward's logger: seals frames, anchors their word, erases what is old."""
