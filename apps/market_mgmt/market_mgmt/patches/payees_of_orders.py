"""Orders of markets that name no merchant number were placed under the site's only one; that is written on them now."""

import frappe
from cn_connect.errors import ConfigMissing
from cn_connect.wechat import gateway

ORDER = "Market Payment Order"


def execute() -> None:
    """Fill in the payee where it is missing. Where it cannot be known (several numbers, none), orders stay as they are."""
    try:
        mchid = gateway.only_mchid()
    except ConfigMissing:
        return
    for name in frappe.get_all(
        ORDER, filters={"channel": "WeChat", "mchid": ["is", "not set"]}, pluck="name"
    ):
        frappe.db.set_value(ORDER, name, "mchid", mchid, update_modified=False)
