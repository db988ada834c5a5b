"""Use cases: one function per business action, inside the transaction of the caller."""
