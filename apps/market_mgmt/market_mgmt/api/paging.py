"""Lists come in pages of at most 100."""

from cn_connect.api_errors import refuse
from frappe import _

LARGEST_PAGE = 100


def check_page(start: int, limit: int) -> None:
    """Raises ValidationError (INVALID_ARGUMENTS) for a page that does not exist or is too large."""
    if start < 0 or not 1 <= limit <= LARGEST_PAGE:
        message = _("start must not be negative, limit lies between 1 and {0}.").format(LARGEST_PAGE)
        refuse(message, "INVALID_ARGUMENTS")
