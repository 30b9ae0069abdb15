"""Insights: where does it go?"""
