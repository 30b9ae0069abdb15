"""The mode Cases: what is under way, one case, and the way into a deactivation."""
