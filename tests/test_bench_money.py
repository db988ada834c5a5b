"""`make bench-money` at the smallest size: it still measures what it says, and says it."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from benchmarks.money import billing, importing, report, settling, world
from benchmarks.money.billing import Billing
from benchmarks.money.importing import Importing
from benchmarks.money.settling import Settling
from tests.sites import Bench, connected, copied_bench

STALLS, PER_MARKET, PAYERS = 6, 4, 3


@pytest.fixture(scope="module")
def own_bench(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Bench:
    """A site of these tests alone: they commit."""
    return copied_bench(tmp_path_factory, worker_id, "bench-money")


def test_the_peer_of_billing_gets_the_rows_that_billing_wrote(own_bench: Bench) -> None:
    # when six stalls in two markets are billed for rent, water and electricity
    found = billing.measure(own_bench, STALLS, PER_MARKET)

    # then there are a fee and a line of each, and the bare database holds the very same rows
    assert (found.fees, found.rows) == (3 * STALLS, 6 * STALLS)
    assert min(found.seconds, found.bare, found.publish, found.publish_bare) > 0
    columns = "name, lease, amount, bill_key, creation, modified, owner"
    with connected(own_bench) as frappe:
        for doctype, shown in (
            ("Fee", columns),
            ("Fee Line", "name, parent, idx, quantity, unit_price, amount"),
        ):
            ours, bare = (
                frappe.db.sql(f"SELECT {shown} FROM `{table}{doctype}` ORDER BY name")
                for table in ("tab", "bare")
            )
            assert len(ours) == 3 * STALLS
            assert ours == bare
        rents = frappe.get_all("Fee", {"fee_type": "Rent"}, pluck="amount")
        assert len(set(rents)) == PER_MARKET
        assert frappe.db.count("Account Entry") == 3 * STALLS


def test_a_filled_in_template_is_imported_whole(own_bench: Bench) -> None:
    found = importing.measure(own_bench, rows=8, rounds=2)

    assert [one.rows for one in found] == [8, 8]
    assert min(found[0].seconds, found[0].read, found[0].read_only, found[0].fastest) > 0


def test_texts_move_into_the_shared_table_and_read_the_same(own_bench: Bench) -> None:
    with connected(own_bench):
        market = world.market(2, world.months_up_to("2026-09", 1))
        written = importing.filled_in(market.name)
    saved = importing.as_saved_by_excel(written)

    before, after = (
        [[cell.value for cell in row] for row in load_workbook(io.BytesIO(content))["抄表"].iter_rows()]
        for content in (written, saved)
    )
    assert after == before
    assert len(before) > 4


def test_every_payment_is_settled_and_timed(own_bench: Bench) -> None:
    found = settling.measure(own_bench, PAYERS, payments=1)

    assert (len(found.direct), len(found.one), len(found.many)) == (10, 10, PAYERS)


def test_months_are_counted_back_over_the_turn_of_the_year() -> None:
    assert world.months_up_to("2026-02", 4) == ["2025-11", "2025-12", "2026-01", "2026-02"]


def test_the_99th_percentile_is_exceeded_by_one_in_a_hundred() -> None:
    assert settling.percentile([float(n) for n in range(1, 101)], 0.99) == 99.0
    assert settling.percentile([5.0, 1.0], 0.99) == 5.0
    assert settling.percentile([3.0, 1.0, 2.0], 0.5) == 2.0


@pytest.fixture
def figures() -> report.Figures:
    """Figures that all hold, just so."""
    return report.Figures(
        load=0.1,
        billing={
            "embedded": Billing(
                10, 30, 60, seconds=2.0, bare=1.0, published=30, publish=4.0, publish_bare=1.0
            )
        },
        importing={
            "embedded": [Importing(8, seconds, 4.0, 2.0, 1.0) for seconds in (9.0, 2.0, 1.0)],
            "server": [Importing(8, 8.0, 4.0, 2.0, 1.0)],
        },
        settling={"server": Settling(50, direct=[8.0], one=[50.0], many=[500.0], many_seconds=0.5)},
        versions={"embedded": "1.0"},
    )


def test_the_three_figures_hold_at_their_limits(figures: report.Figures) -> None:
    assert report.summary(figures) == {
        "billing_share_of_executemany": {"embedded": 0.5},
        "import_times_openpyxl": {"embedded": 0.5, "server": 2.0},
        "import_times_openpyxl_fastest": {"embedded": 2.0, "server": 8.0},
        "settle_p99_ms": {"server": {"1": 50.0, "50": 500.0}},
        "holds": True,
    }


@pytest.mark.parametrize("worse", ["billing", "import", "one", "many"])
def test_one_figure_beyond_its_limit_is_told(figures: report.Figures, worse: str) -> None:
    if worse == "billing":
        figures.billing["embedded"].bare = 0.98
    elif worse == "import":
        figures.importing["server"][0].seconds = 8.02
    else:
        setattr(figures.settling["server"], worse, [501.0])
    assert report.summary(figures)["holds"] is False


def test_the_document_shows_the_figures(figures: report.Figures) -> None:
    told = report.document(figures)
    assert "| 内嵌（SQLite） | 10 | 60 | 30 | 60 | 50% | 8 | 25% |" in told
    assert "| 内嵌（SQLite） | 8 | 2.00 | 4.00 | 0.50 | 1.00 | 1.00 | 2.00（9.00、2.00、1.00） |" in told
    assert "50 人同时付款 | 1 | 500.0 | 500.0 | 500.0 | 2 |" in told
