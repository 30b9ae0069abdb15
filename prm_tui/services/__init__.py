"""Use cases: what a person can do. Each function takes a Store first; nothing here prints or draws."""
