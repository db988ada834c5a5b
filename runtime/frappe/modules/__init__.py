"""Modules of apps and the standard documents in their folders."""
