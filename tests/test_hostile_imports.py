"""A few of the hostile workbooks of `make hostile-imports`, and that its reader of workbooks would notice each fault."""

from random import Random

import pytest

from market_mgmt.services.imports import common, form, merchants
from tests.hostile import oracle, run, workbooks, world

SMOKE = 30


def test_some_hostile_workbooks_are_checked_imported_and_stored_as_they_are_seen(site):
    found = run.tried(SMOKE, seed=20261031)
    assert (found.disagreements, found.changed) == ([], [])
    assert found.workbooks == SMOKE and found.rows_stored > SMOKE // 2


@pytest.fixture
def kind(site):
    return world.kinds()[0]


def stored_otherwise(kind, change):
    """What the comparison says when the import is not of this workbook but of one without the change."""
    draft = kind.draft(Random(1))
    result = kind.run(draft.saved(), False, False)
    change(draft)
    seen = oracle.Seen(draft.saved(), kind.columns)
    return run.compare(kind, seen, result, kind.stored(), False)


def cell(heading, value, code="General"):
    def change(draft):
        index = draft.headings.index(heading)
        draft.lines[0][index] = workbooks.Cell(value, code)

    return change


def in_1904(draft):
    draft.mac = True
    cell("租期开始", 45658)(draft)


def doubled(draft):
    index = draft.headings.index("月租金(元)")
    draft.headings.append("月租金")
    for line in draft.lines:
        line.append(workbooks.Cell(line[index].value + 300))


@pytest.mark.parametrize(
    "fault",
    [
        cell("摊位号", 1, "000"),
        cell("商户名称", "另一家"),
        cell("月租金(元)", 1500, '0"万"'),
        cell("月租金(元)", 1500.6, "0"),
        cell("月租金(元)", "1_500"),
        cell("租期结束", "2027-12-30"),
        cell("租期开始", 44196),
        cell("电表倍率", 40),
        cell("联系电话", "14000000002"),
        in_1904,
        lambda draft: draft.headings.__setitem__(draft.headings.index("押金"), "押金(万元)"),
        lambda draft: (
            draft.headings.__setitem__(draft.headings.index("押金"), "保证金") or cell("保证金", 1)(draft)
        ),
        lambda draft: draft.lines.append(
            [workbooks.Cell("一楼"), workbooks.Cell("片区"), workbooks.Cell("Z99")]
        ),
        doubled,
    ],
)
def test_what_is_stored_otherwise_is_noticed(kind, fault):
    assert stored_otherwise(kind, fault)


def test_without_a_fault_nothing_is_noticed(kind):
    assert stored_otherwise(kind, lambda draft: None) == []


def test_a_check_that_accepts_what_the_import_refuses_is_noticed(site, monkeypatch):
    # given an import in which every second run finds another fault
    runs = []

    def judged(table, as_of, dry_run, confirmation, unchanged=0):
        runs.append(dry_run)
        if not dry_run:
            table.rows[0].fault(form.STALL, "nobody told")
        return common.judged(table, as_of, dry_run, confirmation, unchanged)

    monkeypatch.setattr(merchants, "judged", judged)
    found = run.tried(20, seed=2)
    assert runs and found.disagreements


@pytest.mark.parametrize("number", range(len(workbooks.CELLS)))
def test_every_mutation_of_a_cell_changes_the_workbook(site, number):
    changed = 0
    for kind in world.kinds():
        draft = kind.draft(Random(3))
        workbooks.CELLS[number](draft, Random(4))
        changed += bool(draft.done)
    assert changed
