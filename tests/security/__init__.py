"""Who may do what through which door: the matrix behind `make probe`, and fuzzing of the documented API."""
