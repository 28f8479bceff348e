"""How Tribune's contracts are put on a chain: configuration, the plan of steps, the check of roles.

Whoever carries the plan out (ape, a test, later a Safe) brings the connection.
"""
