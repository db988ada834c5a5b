"""Wet-market management for Frappe v15: places, charges, dunning."""

__version__ = "0.1.0"
