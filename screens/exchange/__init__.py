"""The mode Exchange: spreadsheets in."""
