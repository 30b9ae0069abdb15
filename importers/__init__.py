"""Workbooks and text files in: read in a child process into a staging file, then understood."""
