"""Templates: what they see and what is kept from them."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError


def render(template: str, **context: object) -> str:
    import frappe

    return frappe.render_template(template, context)


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("{{ x }} {{ x | e }}", "<b> &lt;b&gt;"),
        ("{{ missing }}|{{ missing or 'none' }}", "{{ missing }}|none"),
        ("{{ frappe.db.get_value('Role', 'Guest', 'name') }}", "Guest"),
        ("{{ frappe.utils.cint('7') + 1 }}", "8"),
        ("{{ frappe.get_all('Role', {'name': 'Guest'}, pluck='name')[0] }}", "Guest"),
        ("{{ frappe.session.user }}", "Administrator"),
        ("{% for i in range(2) %}{{ i }}{% endfor %}", "01"),
        ("{{ scrub('Market Fee') }} {{ _('Nobody translated this') }}", "market_fee Nobody translated this"),
        ("text that ends unlike a file.html name", "text that ends unlike a file.html name"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_a_template_gives(site: str, template: str, result: str) -> None:
    assert render(template, x="<b>") == result


@pytest.mark.parametrize(
    "template",
    ["{{ ''.__class__ }}", "{{ frappe.db.sql('delete from tabRole') }}"],
)
def test_what_a_template_may_not(site: str, template: str) -> None:
    import frappe

    with pytest.raises((frappe.ValidationError, frappe.PermissionError, TypeError)):
        render(template)


@pytest.mark.parametrize(
    "template",
    ["{{ frappe.utils.os.getcwd() }}", "{{ frappe.utils.password.update_password('Administrator', 'x') }}"],
)
def test_modules_are_out_of_reach(site: str, template: str) -> None:
    import frappe

    with pytest.raises((frappe.ValidationError, UndefinedError)):
        render(template)
