"""What `bench/gas.py` measures: Tribune's actions, and those that a DAO would take instead, on one chain."""
