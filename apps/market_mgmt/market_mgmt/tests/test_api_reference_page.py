"""The page /api-reference shows every method of the installed apps, to anybody."""

import pytest

from market_mgmt.www import api_reference


@pytest.fixture
def context(site):
    site.set_user("Guest")
    context = site._dict()
    api_reference.get_context(context)
    return context


@pytest.fixture
def html(site, context) -> str:
    return site.render_template("www/api-reference.html", context)


def test_the_methods_of_both_apps_come_by_module_the_market_first(context):
    modules = [group.module for group in context.groups]

    assert modules[0] == "market_mgmt.api.public"
    assert {"market_mgmt.api.staff", "cn_connect.api.wechat_pay"} <= set(modules)
    assert context.count == sum(len(group.methods) for group in context.groups)


def test_every_module_of_the_hooks_can_be_called(site, context):
    for group in context.groups:
        for method in group.methods:
            assert callable(site.get_attr(f"{group.module}.{method.name}"))


def test_each_method_has_its_own_place_on_the_page(context, html):
    anchors = [method.anchor for group in context.groups for method in group.methods]

    assert len(anchors) == len(set(anchors))
    assert all(f'<details id="{anchor}">' in html for anchor in anchors)
    assert html.count("<details") == html.count("</details>") == len(anchors)


def test_every_type_has_a_name(context):
    rows = [
        row
        for group in context.groups
        for method in group.methods
        for row in (*method.arguments, *method.answer)
    ]
    assert {row.type for row in rows} <= set(context.types)


def test_who_may_call_and_what_may_go_wrong(html):
    assert "任何人，无需登录" in html and "网关（报文须通过验证）" in html
    assert "INVALID_ARGUMENTS" in html and "CONSENT_REQUIRED" in html


def test_no_markup_is_left_open_by_texts(html):
    assert "`" not in html and "{{" not in html
