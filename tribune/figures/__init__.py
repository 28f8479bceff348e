"""Figures, one a file: pure functions of numbers that return PNG or SVG bytes. No clock, no randomness."""
