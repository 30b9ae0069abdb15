"""Data that travels with the program."""
