"""Changes to the data of existing sites, each run once by `bench migrate`."""
