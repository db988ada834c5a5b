"""The rules of the market office: pure functions and values, no Frappe, no I/O, no clock."""
