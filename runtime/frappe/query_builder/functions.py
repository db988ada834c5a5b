"""SQL functions for queries: PyPika's."""

from pypika.functions import *  # noqa: F403
