"""PDFs: sheets become pages, Chinese is embedded and readable, the same HTML gives the same bytes."""

import datetime as dt
import io
import re

import pytest
from pypdf import PdfReader

from cn_connect import pdf, pdf_glyphs
from cn_connect.pdf import PdfUnavailable
from cn_connect.pdf_text import plain_character

ISSUED_AT = dt.datetime(2026, 11, 15, 10, 3)
# 水, 人, 民, 食, 页 are drawn like radicals.
TEXT = "海鲜水产区 人民币伍仟元整 ￥5,000.00 食品"


def document(sheets=1, body=TEXT, paper="A4"):
    parts = "".join(
        f'<div class="sheet{" last" if n == sheets - 1 else ""}">{pdf.watermark("水印", paper)}<div class="sheet-body">'
        f"{body} 第 {n + 1} 页</div></div>"
        for n in range(sheets)
    )
    return f"<html><head><meta charset='utf-8'><style>{pdf.base_css(paper)}</style></head><body>{parts}</body></html>"


@pytest.mark.parametrize(
    ("paper", "width", "height"), [("A4", 595, 842), ("A4 landscape", 842, 595), ("A5 landscape", 595, 420)]
)
def test_every_sheet_is_one_page_of_the_paper(paper, width, height):
    reader = PdfReader(io.BytesIO(pdf.from_html(document(3, paper=paper), paper, ISSUED_AT)))
    assert len(reader.pages) == 3
    box = reader.pages[0].mediabox
    assert (round(box.width), round(box.height)) == (width, height)


def test_chinese_text_is_embedded_and_can_be_read_back():
    reader = PdfReader(io.BytesIO(pdf.from_html(document(), "A4", ISSUED_AT)))
    text = reader.pages[0].extract_text()
    for word in ("海鲜水产区", "人民币伍仟元整", "5,000.00", "食品", "页"):
        assert word in text
    fonts = [font.get_object() for font in reader.pages[0]["/Resources"]["/Font"].values()]
    assert all("CJK" in font["/BaseFont"] or "WenQuanYi" in font["/BaseFont"] for font in fonts)


@pytest.mark.parametrize(
    ("noted", "plain"), [("⽔", "水"), ("⻚", "页"), ("⼾", "户"), ("水", "水"), ("A", "A")]
)
def test_radicals_become_the_characters_they_look_like(noted, plain):
    assert plain_character(noted) == plain


def test_title_and_time_of_issue_are_in_the_file():
    reader = PdfReader(io.BytesIO(pdf.from_html(document(), "A4", ISSUED_AT, "收据 1")))
    assert reader.metadata.title == "收据 1"
    assert reader.metadata["/CreationDate"] == "D:20261115100300+08'00'"


def test_the_same_document_gives_the_same_bytes():
    assert pdf.from_html(document(), "A4", ISSUED_AT) == pdf.from_html(document(), "A4", ISSUED_AT)


def test_a_sheet_that_is_too_full_is_cut_and_not_spilt():
    content = pdf.from_html(document(body="<br>".join([TEXT] * 300)), "A4", ISSUED_AT)
    assert len(PdfReader(io.BytesIO(content)).pages) == 1


def test_without_wkhtmltopdf_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    with pytest.raises(PdfUnavailable, match="apt-get install wkhtmltopdf"):
        pdf.from_html(document(), "A4", ISSUED_AT)


def test_without_a_chinese_font_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(pdf, "_chinese_font_installed", lambda: False)
    with pytest.raises(PdfUnavailable, match="fonts-noto-cjk"):
        pdf.from_html(document(), "A4", ISSUED_AT)


def test_nothing_is_loaded_from_disk(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("topsecret")
    body = f'<iframe src="file://{secret}"></iframe>'
    try:
        content = pdf.from_html(document(body=body), "A4", ISSUED_AT)
    except PdfUnavailable:
        return  # refusing the document is as good
    assert "topsecret" not in PdfReader(io.BytesIO(content)).pages[0].extract_text()


def test_rows_in_pages():
    assert pdf.paginate([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4], [5]]
    assert pdf.paginate([], 2) == [[]]


RARE = "王𡌴 与 李𠮷 再来 王𡌴"


def text_of(body):
    content = pdf.from_html(document(body=body), "A4", dt.datetime(2026, 10, 31))
    return PdfReader(io.BytesIO(content)).pages[0].extract_text()


def test_rare_characters_are_printed_and_found_by_a_search():
    text = text_of(RARE)
    joined = re.sub(r"\s", "", text)  # readers begin a line where the font changes
    assert joined.count("王𡌴") == 2 and "李𠮷" in joined


@pytest.mark.parametrize("char", ["\ue863", "\U00031350", "🍎", "\U000f1234", "𡌴"])
def test_what_no_font_has_is_named_never_left_out(char, monkeypatch):
    if char == "𡌴":  # as on a machine without the font of rare characters
        covers = pdf_glyphs._coverage
        monkeypatch.setattr(
            pdf_glyphs, "_coverage", lambda family: () if family.startswith("Hana") else covers(family)
        )
    assert f"小王[U+{ord(char):04X}]店" in text_of(f"小王{char}店")


@pytest.mark.parametrize("text", ["阿明海鲜", "￥1,234.50 ㎡ ℃ “引号”——…①", "䶮㛃", "Ångström ½"])
def test_what_fonts_have_is_left_as_it_is(text):
    assert (
        pdf_glyphs.marked(f"<p title='\ue863'>{text}</p>", pdf.FONT_FAMILIES)
        == f"<p title='\ue863'>{text}</p>"
    )
