"""Local stand-ins for the gateways the products talk to.

They speak the gateways' own protocols over plain HTTP: requests are verified and answers signed as the real
services do, so a product points at them by base URL and keys alone. `control.py` lets a test make them fail,
delay, duplicate or reorder.
"""
