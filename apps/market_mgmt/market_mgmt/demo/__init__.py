"""An imagined market for trials: one month of it played through the services. Nothing in the app depends on it."""
