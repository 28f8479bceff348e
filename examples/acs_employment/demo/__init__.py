"""The main job from end to end on one machine: every part is the real one, in its own process."""
