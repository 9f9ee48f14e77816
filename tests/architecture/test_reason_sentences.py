"""The sentences of the churn reasons: each is said by its model, and says only figures that the model gives."""

from __future__ import annotations

import csv
import re

import pytest

from pipelines.settings import PROJECT

SEEDS = PROJECT / "dbt_project" / "seeds"
REASONS = PROJECT / "dbt_project" / "models" / "churn" / "reasons"
FORMS = re.compile(r"|percent|quantity|[^|:{}]+\|[^|:{}]+")
PLACE = re.compile(r"{(\w+)(?::([^{}]*))?}")


def rows_of(seed: str) -> list[dict[str, str]]:
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


SENTENCES = rows_of("churn_reason_sentence")
CODES = [row["reason_code"] for row in rows_of("churn_reason_code")]


def model_of(code: str) -> str:
    return (REASONS / f"reason_{code}.sql").read_text("utf-8")


@pytest.mark.parametrize("row", SENTENCES, ids=lambda row: f"{row['reason_code']}-{row['sentence']}")
def test_a_sentence_says_what_its_model_knows_in_both_languages(row):
    model = model_of(row["reason_code"])
    assert f"'{row['sentence']}'" in model
    for language in ("evidence", "evidence_zh"):
        text = row[language]
        assert PLACE.sub("", text).count("{") == PLACE.sub("", text).count("}") == 0, text
        for figure, form in PLACE.findall(text):
            assert f"'{figure}'," in model, f"{text}: the model gives no {figure}"
            assert FORMS.fullmatch(form), f"{text}: unknown form {form}"
        assert not text.rstrip().endswith((".", "。"))
    assert re.search(r"[\u4e00-\u9fff]", row["evidence_zh"])
    # English needs a word for one and for many; what is counted is the same in both
    english, chinese = ({figure for figure, _ in PLACE.findall(row[name])} for name in ("evidence", "evidence_zh"))
    assert english == chinese


def test_every_code_has_its_model_its_sentences_and_its_place_in_the_union():
    union = (REASONS / "reason_signal.sql").read_text("utf-8")
    listed = re.findall(r"'(\w+)'", union.split("%}")[0])
    assert listed == CODES
    assert {row["reason_code"] for row in SENTENCES} == set(CODES)
    for code in CODES:
        said = set(re.findall(r"'(\w+)' as sentence|then '(\w+)'|else '(\w+)'", model_of(code)))
        assert {name for names in said for name in names if name} == {
            row["sentence"] for row in SENTENCES if row["reason_code"] == code
        }


def test_every_parameter_of_the_reasons_is_read_and_has_its_reason():
    parameters = rows_of("churn_reason_parameter")
    rule = (REASONS.parents[1] / "intermediate" / "int_reason_rule.sql").read_text("utf-8")
    listed = re.findall(r"'(\w+)'", rule.split("%}")[0].split("set parameters")[1])
    assert {row["parameter"] for row in parameters} == set(listed)
    models = "".join(path.read_text("utf-8") for path in (PROJECT / "dbt_project" / "models").rglob("*.sql"))
    for row in parameters:
        assert len(re.findall(rf"\b{row['parameter']}\b", models)) >= 2, row["parameter"]
        assert row["reason"]
