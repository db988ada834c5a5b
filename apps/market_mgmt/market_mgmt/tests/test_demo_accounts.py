"""The demo's password: good on the demo, and nowhere else."""

from types import SimpleNamespace

import pytest

from frappe.utils.password import update_password
from market_mgmt.demo import accounts

SHOWN = [{"role": "x", "user": "x@demo.market", "password": accounts.PASSWORD}]


@pytest.fixture
def clerk(site):
    """A member of the office who still has the demo's password."""
    email = f"{site.generate_hash(length=10)}@demo.market"
    roles = [{"role": "Market Clerk"}]
    user = site.get_doc(
        {"doctype": "User", "email": email, "first_name": "吴抄表", "send_welcome_email": 0, "roles": roles}
    ).insert()
    update_password(user.name, accounts.PASSWORD)
    return user


def test_it_is_refused_once_the_site_is_no_demo(site, clerk, monkeypatch):
    monkeypatch.setitem(site.conf, "demo_accounts", SHOWN)
    accounts.refuse_known_password(SimpleNamespace(user=clerk.name))
    monkeypatch.setitem(site.conf, "demo_accounts", [])
    with pytest.raises(site.AuthenticationError):
        accounts.refuse_known_password(SimpleNamespace(user=clerk.name))

    update_password(clerk.name, "one that nobody knows")
    accounts.refuse_known_password(SimpleNamespace(user=clerk.name))


def test_it_cannot_be_chosen_elsewhere(site, clerk, monkeypatch):
    monkeypatch.setitem(site.conf, "demo_accounts", [])
    clerk.new_password = accounts.PASSWORD
    with pytest.raises(site.ValidationError):
        clerk.save()
    monkeypatch.setitem(site.conf, "demo_accounts", SHOWN)
    clerk.reload()
    clerk.new_password = accounts.PASSWORD
    clerk.save()


def test_both_hooks_are_set(site):
    assert "market_mgmt.demo.accounts.refuse_known_password" in site.get_hooks("on_login")
    assert "market_mgmt.demo.accounts.refuse_new_password" in str(site.get_hooks("doc_events"))
