"""Rows in bulk: their names and columns, and the garbage collector that rests meanwhile."""

import gc
from decimal import Decimal

import pytest

from cn_connect.bulk import bulk_insert
from market_mgmt.services.rows import number, uncollected
from market_mgmt.tests import factories


def test_rows_keep_the_names_they_have_and_get_one_if_they_have_none(site):
    lease = factories.shop().lease
    columns = {"parenttype": "Lease", "parentfield": "rent_changes", "parent": lease, "monthly_rent": 1.5}

    given = bulk_insert("Lease Rent Change", [{"name": f"{lease}-x", **columns}])
    made = bulk_insert("Lease Rent Change", [columns, columns])

    assert given == [f"{lease}-x"]
    assert len({*given, *made}) == 3
    stored = site.get_all("Lease Rent Change", {"parent": lease}, ["name", "owner", "docstatus", "idx"])
    assert {row.name for row in stored} == {*given, *made}
    assert {(row.owner, row.docstatus, row.idx) for row in stored} == {("Administrator", 0, 0)}


def test_rows_written_at_one_moment_are_found_in_their_order_by_name(site):
    lease = factories.shop().lease
    columns = {"parenttype": "Lease", "parentfield": "rent_changes", "parent": lease}

    bulk_insert("Lease Rent Change", [{**columns, "monthly_rent": float(rent)} for rent in range(20)])

    rents = site.get_all(
        "Lease Rent Change", {"parent": lease}, pluck="monthly_rent", order_by="creation, name"
    )
    assert rents == list(range(20))


def test_the_collector_rests_and_starts_again_whatever_happens():
    seen = []

    @uncollected()
    def work() -> None:
        seen.append(gc.isenabled())
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        work()
    assert (seen, gc.isenabled()) == ([False], True)


@pytest.mark.parametrize(
    ("stored", "exact"),
    [
        (12.5, "12.5"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (1000.0, "1000"),
        (3, "3"),
        (None, "0"),
        ("2.50", "2.5"),
    ],
)
def test_a_stored_number_is_what_it_looks_like(stored, exact):
    assert number(stored) == Decimal(exact)
    assert f"{number(stored):f}" == exact
