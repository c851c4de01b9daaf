"""The wire form of BICS SIM for Things."""
