"""What a policy sees and what it imagines: rows of the ACS, faults in them, and rules of others."""
