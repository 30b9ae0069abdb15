"""prm: partner relationship management in a terminal."""

__version__ = "0.1.0"
