"""The mode Automation: triggers, what they would do and have done, and why."""
