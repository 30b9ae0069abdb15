"""Pure rules: what partners, facts, conditions and cases are. Standard library only."""
