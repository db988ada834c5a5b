"""Who is paid by WeChat: the merchant number that a market names, or else the only one that the site has."""

import frappe
from cn_connect.wechat import gateway


def of_market(market: str) -> tuple[str, str | None]:
    """(mchid, sub_mchid) of a market. Raises ConfigMissing when it names none and the site has none or several."""
    mchid, sub_mchid = frappe.db.get_value("Market", market, ["mchid", "sub_mchid"])
    return mchid or gateway.only_mchid(), sub_mchid or None


def of_merchant(merchant: str) -> tuple[str, str | None]:
    """(mchid, sub_mchid) of a merchant's market. Raises ConfigMissing as `of_market` does."""
    return of_market(frappe.db.get_value("Merchant", merchant, "market"))
