"""A customer is found by its id, its name or a part of it; who is not found is told whom else to look for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.explain.customers import CustomerAmbiguous, CustomerNotFound, Named, pick_customer

CUSTOMERS = [
    Named("C1", "上海宝钢集团有限公司"),
    Named("C2", "上海汽车变速器有限公司"),
    Named("C12", "Müller Stahlbau GmbH"),
    Named("C3", "Müller Stahlbau"),
    Named("C4", None),
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("C1", "C1"), ("c12", "C12"), ("宝钢", "C1"), ("变速器", "C2"), ("  GMBH ", "C12"), ("C4", "C4"),
        ("müller stahlbau", "C3"), ("Müller Stahlbau GmbH", "C12"),
    ],
)  # fmt: skip
def test_an_id_a_whole_name_or_a_part_that_no_other_has(text, found):
    assert pick_customer(CUSTOMERS, text) == found


def test_a_part_that_several_have_lists_them_the_first_in_front():
    with pytest.raises(CustomerAmbiguous, match="2 customers have '上海'") as error:
        pick_customer(CUSTOMERS, "上海")
    assert [one.customer_id for one in error.value.found] == ["C1", "C2"]
    many = [Named(f"N{number:03}", "同名") for number in range(30)]
    with pytest.raises(CustomerAmbiguous) as error:
        pick_customer(many, "同名")
    assert (len(error.value.found), error.value.count) == (20, 30)


@pytest.mark.parametrize(("text", "nearest"), [("Muller Stalbau GmbH", "C12"), ("上海宝刚集团", "C1"), ("D12", "C12")])
def test_who_is_not_found_is_told_the_nearest(text, nearest):
    with pytest.raises(CustomerNotFound) as error:
        pick_customer(CUSTOMERS, text)
    assert error.value.nearest[0].customer_id == nearest


@pytest.mark.parametrize("text", ["", "   ", "%", "_", "ZZZZ"])
def test_nothing_is_nobody_and_a_wildcard_is_a_letter(text):
    with pytest.raises(CustomerNotFound):
        pick_customer(CUSTOMERS, text)


NAMES = st.text(alphabet="ab上海", max_size=4)


@given(st.dictionaries(st.text(alphabet="ab12", min_size=1, max_size=3), NAMES, min_size=1, max_size=8), st.data())
def test_every_customer_is_found_by_its_own_id(names, data):
    customers = [Named(customer, name or None) for customer, name in names.items()]
    wanted = data.draw(st.sampled_from(customers))
    assert pick_customer(customers, wanted.customer_id) == wanted.customer_id


@given(
    st.lists(st.tuples(st.text(alphabet="ab12", min_size=1, max_size=3), NAMES), unique_by=lambda one: one[0]), NAMES
)
def test_whoever_is_found_is_the_only_one_that_fits(names, text):
    customers = [Named(customer, name or None) for customer, name in names]
    try:
        found = pick_customer(customers, text)
    except (CustomerAmbiguous, CustomerNotFound):
        return
    fitting = [one.customer_id for one in customers if text in one.customer_id or text in (one.customer_name or "")]
    exact = [one.customer_id for one in customers if text in (one.customer_id, one.customer_name)]
    assert found in fitting
    assert len(fitting) == 1 or found in exact
