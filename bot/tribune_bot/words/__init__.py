"""How the bot says things: whose language, numbers and names made readable, a model's state in a word."""
