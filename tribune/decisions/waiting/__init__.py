"""What waits for the seal of its frame: segments, the slots they lie in, and the grids that sort them."""
