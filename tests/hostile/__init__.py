"""Workbooks as offices should not send them, made at random: what the check says the import does, and what is stored is
what Excel shows. See `run`."""
