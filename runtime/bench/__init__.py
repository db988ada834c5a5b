"""The `bench` command of the embedded runtime."""
