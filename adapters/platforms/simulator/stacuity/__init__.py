"""The wire form and the rules of Stacuity."""
