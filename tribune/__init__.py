"""Tribune: token holders watch over the AI models that act in their name, and can stop them."""
