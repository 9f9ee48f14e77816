"""What the first lines of a folder's CSV files say of how they are written."""

from __future__ import annotations

import gzip

import pytest

from pipelines.connect.file_format import guess_format, misread

GERMAN = "KdNr;Straße\r\n1;Müller & Söhne, Königsallee\r\n2;Größer; Händler\r\n"
CHINESE = "客户;名称\r\n1;宝钢股份公司\r\n2;鞍钢 Ä\r\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        # these very bytes can be read as GB18030 too, as rubbish that nobody would notice before the night
        (GERMAN, "cp1252"),
        ("Nom;Ville\nChâteau d'Eau;Besançon\n", "cp1252"),
        ("Preis\n5 €\n", "cp1252"),
        (CHINESE, "gb18030"),
        ("编号;说明\n1;龘靐\n", "gb18030"),
        (GERMAN, "utf-8"),
        ("a;b\n1;2\n", "ascii"),
    ],
)
def test_western_text_is_not_taken_for_chinese_nor_chinese_for_western(tmp_path, text, encoding):
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    guessed = guess_format(tmp_path)
    assert guessed.form.encoding == ("utf-8" if encoding == "ascii" else encoding)
    assert guessed.others == {}


@pytest.mark.parametrize(
    ("fields", "decimal", "thousands"),
    [
        (["1,5", "2"], ",", ""),
        (["1.234,50", "0,5"], ",", "."),
        (["1.234", "0,5"], ",", "."),
        (["1.5", "2.25"], ".", ""),
        (["1,5", "2.25"], ".", ""),
        (["27.06.2026", "7"], ".", ""),
    ],
)
def test_a_decimal_comma_and_points_between_thousands_are_seen(tmp_path, fields, decimal, thousands):
    (tmp_path / "a.csv").write_text("x;y\n" + "".join(f"1;{field}\n" for field in fields), "utf-8")
    form = guess_format(tmp_path).form
    assert (form.delimiter, form.decimal, form.thousands) == (";", decimal, thousands)


def test_all_files_of_a_folder_are_looked_at_and_one_that_is_written_otherwise_is_named(tmp_path):
    (tmp_path / "bedarf.csv").write_text("Kunde;2024\n1;7\n", "ascii")
    (tmp_path / "besuche.csv").write_bytes(GERMAN.encode("cp1252"))
    (tmp_path / "VERTRAG.CSV.GZ").write_bytes(gzip.compress("Menge;Größe\n1,5;x\n".encode("cp1252")))
    (tmp_path / "lieferung").mkdir()
    (tmp_path / "lieferung" / "_SUCCESS").write_bytes(b"")
    (tmp_path / "lieferung" / "PART-0.CSV.GZ").write_bytes(gzip.compress("Menge;Größe\n1,5;x\n".encode("cp1252")))
    (tmp_path / "客户.CSV").write_bytes(CHINESE.encode("gb18030"))
    guessed = guess_format(tmp_path)
    assert (guessed.form.delimiter, guessed.form.encoding, guessed.form.decimal) == (";", "cp1252", ",")
    assert guessed.others == {"客户": {"encoding": "gb18030"}}


def test_a_folder_without_csv_has_the_defaults(tmp_path):
    assert (guess_format(tmp_path).form.model_dump(exclude_defaults=True), guess_format(tmp_path).others) == ({}, {})


@pytest.mark.parametrize(
    ("text", "written", "declared", "likely"),
    [
        (GERMAN, "utf-8", "cp1252", "utf-8"),
        (GERMAN, "utf-8", "latin-1", "utf-8"),
        (CHINESE, "utf-8", "GBK", "utf-8"),
        (GERMAN, "cp1252", "gb18030", "cp1252"),
        (CHINESE, "gb18030", "iso-8859-15", "gb18030"),
        (GERMAN, "cp1252", "latin-1", None),
        (CHINESE, "gb18030", "gb2312", None),
        (GERMAN, "cp1252", "utf-8", None),
        (GERMAN, "utf-8", "utf_8", None),
        ("a;b\n1;2\n", "ascii", "gb18030", None),
    ],
)
def test_an_encoding_that_reads_a_file_as_rubbish_is_told_from_one_that_fits(tmp_path, text, written, declared, likely):
    (tmp_path / "a.csv").write_bytes(text.encode(written))
    assert misread(tmp_path / "a.csv", declared) == likely
