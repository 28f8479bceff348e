"""Where a monitor reads: sealed logs on a folder, profiles and evidence by their name."""
