"""What a monitor looks at: what is due, what came before it, the chain's news, what it could not see."""
