"""A person's WeChat identity in the mini-program and the user it stands for."""

from datetime import datetime
from typing import TYPE_CHECKING

from frappe.model.document import Document


class WeChatAccount(Document):
    if TYPE_CHECKING:
        openid: str
        unionid: str | None
        appid: str | None
        user: str | None
        last_login_at: datetime | None
