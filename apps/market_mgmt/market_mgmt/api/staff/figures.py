"""The figures that leaders look at, as plain amounts; the reports show the bills behind them."""

from datetime import date

from cn_connect.api_method import api_method
from market_mgmt import permissions
from market_mgmt.api import answers
from market_mgmt.api.staff.common import ADMINISTRATOR, FINANCE, SUPERVISOR, day_of
from market_mgmt.api.staff.imports import LEADER, check_month
from market_mgmt.domain.collection import Figures
from market_mgmt.services import collection


@api_method(methods=["GET", "POST"], roles=[FINANCE, SUPERVISOR, LEADER, ADMINISTRATOR])
def collection_figures(market: str, period: str, as_of: date | None = None) -> answers.CollectionFigures:
    """What was charged, waived and received of a month's bills and of the bills due in it, and what is overdue."""
    permissions.require_market(market)
    check_month(period)
    day = day_of(as_of)
    found = collection.of_period(market, period, day)
    return {
        "market": market,
        "period": period,
        "as_of": day,
        "of_period": _figures(found.of_period),
        "due_in_month": _figures(found.due_in_month),
        "overdue": found.overdue,
        "stalls_in_arrears": found.stalls_in_arrears,
    }


def _figures(figures: Figures) -> answers.Figures:
    return {
        "charged": figures.charged,
        "waived": figures.waived,
        "received": figures.received,
        "outstanding": figures.outstanding,
        "rate": None if figures.rate is None else round(figures.rate, 6),
    }
