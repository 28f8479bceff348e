"""What others can check of one decision: its receipt, and its proof in a sealed frame."""
