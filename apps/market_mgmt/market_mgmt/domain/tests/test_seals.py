from market_mgmt.domain.seals import START, entry_hash, seal_hash

ENTRIES = [("a", entry_hash({"amount": "10.00"})), ("b", entry_hash({"amount": "20.00"}))]


def test_the_order_in_which_entries_are_read_does_not_matter():
    assert seal_hash(START, ENTRIES) == seal_hash(START, ENTRIES[::-1])


def test_another_amount_is_another_hash():
    assert entry_hash({"amount": "10.00"}) != entry_hash({"amount": "10.01"})


def test_values_do_not_run_into_each_other():
    assert entry_hash({"fee": "a", "lease": "bc"}) != entry_hash({"fee": "ab", "lease": "c"})


def test_the_same_value_in_another_column_is_another_hash():
    assert entry_hash({"fee": "a"}) != entry_hash({"lease": "a"})


def test_a_column_that_is_added_later_and_empty_changes_nothing():
    assert entry_hash({"fee": "a"}) == entry_hash({"fee": "a", "lease": None, "remark": ""})


def test_a_missing_entry_is_another_hash():
    assert seal_hash(START, ENTRIES) != seal_hash(START, ENTRIES[:1])


def test_a_seal_covers_the_seal_before():
    first = seal_hash(START, ENTRIES)
    assert seal_hash(first, []) != seal_hash(START, [])
