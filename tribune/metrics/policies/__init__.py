"""Rules on metrics: policies, their terms and false alarms, and what is said of them in words."""
