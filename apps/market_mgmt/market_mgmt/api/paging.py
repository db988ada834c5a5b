"""Lists come in pages of at most 100."""

from cn_connect.api_errors import refuse
from frappe import _

LARGEST_PAGE = 100
FIRST_YEAR, LAST_YEAR = 2000, 2199


def check_year(year: int | None) -> None:
    """Raises ValidationError (INVALID_ARGUMENTS) for a year that no bill can be of."""
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        message = _("The year must lie between {0} and {1}.").format(FIRST_YEAR, LAST_YEAR)
        refuse(message, "INVALID_ARGUMENTS")


def check_page(start: int, limit: int) -> None:
    """Raises ValidationError (INVALID_ARGUMENTS) for a page that does not exist or is too large."""
    if start < 0 or not 1 <= limit <= LARGEST_PAGE:
        message = _("start must not be negative, limit lies between 1 and {0}.").format(LARGEST_PAGE)
        refuse(message, "INVALID_ARGUMENTS")
