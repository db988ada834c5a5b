"""What may be an argument of a list, and what the database would only fail at."""

import json

import pytest

from cn_connect.access import lists

GOOD = [
    {},
    {"filters": "", "limit_start": "0", "limit_page_length": 20, "order_by": "modified desc, name", "fields": "*"},
    {"filters": '{"name":"x","enabled":1,"creation":["between",["2026-01-01","2026-02-01"]],"owner":["is","set"]}'},
    {"filters": '[["name","in",["a","b"]],["Role","name","like","%a%"],["disabled","=",0]]'},
    {"filters": '[["Role","creation","Timespan","last week"]]'},
    {"fields": '["name","count(name) as n","count(distinct `tabRole`.`name`)","count(*)"]', "group_by": "disabled"},
    {"order_by": "`tabRole`.`modified` desc", "limit": None},
    {"filters": {"name": ("in", ["a"])}, "limit_start": 10},
]  # fmt: skip
BAD = [
    {"filters": '{"name":["between","x"]}'}, {"filters": '{"name":["between",[1,2,3]]}'}, {"filters": '{"name":{"a":1}}'},
    {"filters": '{"name":["in",5]}'}, {"filters": '{"name":["in",[["x"]]]}'}, {"filters": '{"name":["like",["x"]]}'},
    {"filters": '{"name":["is","x"]}'}, {"filters": '{"name":["=",1e999]}'}, {"filters": "[[1,2,3]]"},
    {"filters": "x"}, {"filters": '"x"'}, {"filters": "[1]"}, {"filters": "[null]"}, {"or_filters": '[["name","=",[1]]]'}, {"fields": "[1]"}, {"fields": '[["name"]]'}, {"fields": '["sleep(1)"]'},
    {"fields": "name, (select 1)"}, {"limit_start": "-1"}, {"limit_start": "1" + "0" * 23}, {"limit_page_length": "x"},
    {"limit_page_length": -5}, {"start": "٣"}, {"order_by": "no_such desc"}, {"order_by": ","}, {"group_by": "no_such"},
]  # fmt: skip


@pytest.mark.parametrize("form", GOOD, ids=str)
def test_what_lists_are_asked_for_passes(site, form):
    lists.check("Role", form)


@pytest.mark.parametrize("form", BAD, ids=lambda form: str(form)[:50])
def test_what_cannot_be_meant_is_refused_and_named(site, form):
    (argument,) = form
    with pytest.raises(site.ValidationError, match=argument):
        lists.check("Role", form)


def test_one_document_may_be_asked_for_by_name(site):
    lists.check("Role", {"filters": "Guest"}, of_one=True)


def test_the_desks_own_fields_and_orders_are_left_to_it(site):
    form = {"fields": json.dumps(["`tabRole`.`name`", "sum(1) as x"]), "order_by": "no_such"}
    lists.check("Role", form, of_desk=True)
