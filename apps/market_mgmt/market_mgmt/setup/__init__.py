"""What an installation of the app creates."""
