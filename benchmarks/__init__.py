"""What is measured, against which peer; the last figures are in RESULTS.md."""
