"""Widgets that several screens draw with."""
