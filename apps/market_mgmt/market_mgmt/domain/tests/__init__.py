"""Tests of the pure rules; they need no site."""
