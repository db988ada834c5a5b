"""Connectors for Chinese services that business apps on Frappe share."""

__version__ = "0.1.0"
