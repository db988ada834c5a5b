"""The rules of money as stories: given / when / then in Chinese, one file per topic."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.checks")  # so that a failure shows both figures
