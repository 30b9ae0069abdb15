"""The mode Partners: the list, and one partner."""
