"""What `pip install` gives: the wheel and the sdist, and each extra alone in a fresh environment."""
