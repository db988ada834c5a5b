"""The scenarios of this folder, one file per topic, as a bookkeeper reads them."""

from pytest_bdd import scenarios

scenarios(".")
