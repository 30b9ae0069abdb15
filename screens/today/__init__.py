"""The mode Today: what needs me now."""
