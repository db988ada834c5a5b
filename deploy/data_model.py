"""Write docs/data-model.md and docs/data-model/<module>.md from the DocTypes of the apps, so that they stay true.

Labels are the apps' Chinese translations; what a field means beyond its label is in docs/data-model/notes.csv
(DocType, field or nothing, note). `--check` writes nothing and fails when a page is stale. Every DocType needs a note,
and no note may be about something that is not there.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "data-model"
INDEX = ROOT / "docs" / "data-model.md"
NOTES = PAGES / "notes.csv"
BEGIN, END = "<!-- 以下由 deploy/data_model.py 生成 -->", "<!-- 生成部分结束 -->"

TYPES = {
    "Attach": "附件",
    "Attach Image": "图片",
    "Check": "是/否",
    "Code": "代码",
    "Currency": "金额",
    "Data": "文本",
    "Date": "日期",
    "Datetime": "时间",
    "Dynamic Link": "动态引用",
    "Float": "小数",
    "Int": "整数",
    "Link": "引用",
    "Long Text": "长文本",
    "Select": "选项",
    "Small Text": "短文本",
    "Table": "子表",
    "Text": "文本",
}


def doctypes() -> list[dict[str, Any]]:
    """The DocTypes of all apps: those of the market first, then by module and name."""
    found = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in ROOT.glob("apps/*/*/**/doctype/*/*.json")
        if path.stem == path.parent.name
    ]
    return sorted(
        found, key=lambda doctype: (doctype["module"] == "CN Connect", doctype["module"], doctype["name"])
    )


def translations() -> dict[str, str]:
    """English to Chinese, from the parts of all apps."""
    found: dict[str, str] = {}
    for part in sorted(ROOT.glob("apps/*/*/translations/parts/*.csv")):
        with part.open(newline="", encoding="utf-8") as file:
            found.update((row[0], row[1]) for row in csv.reader(file) if len(row) >= 2)
    return found


def notes(known: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """Notes by (DocType, field). Raises SystemExit for one about nothing, or a DocType without one."""
    with NOTES.open(newline="", encoding="utf-8") as file:
        found = {(row[0], row[1]): row[2] for row in csv.reader(file)}
    there = {(doctype["name"], field["fieldname"]) for doctype in known for field in _fields(doctype)}
    names = {(doctype["name"], "") for doctype in known}
    wrong = [f"no such thing: {' '.join(key)}" for key in sorted(found.keys() - there - names)]
    wrong += [f"no note: {name}" for name, _field in sorted(names - found.keys())]
    if wrong:
        raise SystemExit(f"{NOTES.relative_to(ROOT)}:\n" + "\n".join(wrong))
    return found


def _fields(doctype: dict[str, Any]) -> list[dict[str, Any]]:
    return [field for field in doctype["fields"] if not field["fieldtype"].endswith("Break")]


class Writer:
    """The pages, as text by path."""

    def __init__(self) -> None:
        self.doctypes = doctypes()
        self.labels = translations()
        self.notes = notes(self.doctypes)
        self.modules: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for doctype in self.doctypes:
            self.modules[doctype["module"]].append(doctype)

    def pages(self) -> dict[Path, str]:
        """Every page that this script writes."""
        made = {PAGES / f"{_slug(module)}.md": self._page(module) for module in self.modules}
        text = INDEX.read_text(encoding="utf-8")
        head, _begin, rest = text.partition(BEGIN)
        _old, _end, tail = rest.partition(END)
        made[INDEX] = f"{head}{BEGIN}\n\n{self._index()}\n{END}{tail}"
        return made

    def _index(self) -> str:
        parts = []
        for module, own in self.modules.items():
            rows = [
                f"| [{d['name']}](data-model/{_slug(module)}.md#{_slug(d['name'])}) | {self._label(d['name'])} "
                f"| {self.notes[d['name'], '']} |"
                for d in own
            ]
            table = "\n".join(["| DocType | 名称 | 含义 |", "|---|---|---|", *rows])
            parts.append(f"### {module}（{self._label(module)}）\n\n{table}\n\n{self._diagram(own)}\n")
        return "\n".join(parts)

    def _diagram(self, own: list[dict[str, Any]]) -> str:
        """Links and child tables of these DocTypes; that to the market is left out, nearly all have it."""
        named = {doctype["name"] for doctype in self.doctypes}
        lines = []
        for doctype in own:
            for field in _fields(doctype):
                target = field.get("options") or ""
                if target not in named or field["fieldname"] == "market":
                    continue
                name, other = _entity(doctype["name"]), _entity(target)
                if field["fieldtype"] == "Table":
                    lines.append(f'    {name} ||--o{{ {other} : "{field["fieldname"]}"')
                elif field["fieldtype"] == "Link":
                    many = "||" if field.get("unique") else "}o"
                    one = "||" if field.get("reqd") else "o|"
                    lines.append(f'    {name} {many}--{one} {other} : "{field["fieldname"]}"')
        return "\n".join(["```mermaid", "erDiagram", *lines, "```"]) if lines else ""

    def _page(self, module: str) -> str:
        head = f"# {module}（{self._label(module)}）\n\n由 `deploy/data_model.py` 从 DocType 定义生成，请勿手改。\n"
        return "\n".join([head, *(self._doctype(doctype) for doctype in self.modules[module])])

    def _doctype(self, doctype: dict[str, Any]) -> str:
        name = doctype["name"]
        facts = ["子表" if doctype.get("istable") else f"名称：`{_naming(doctype)}`"]
        if doctype.get("track_changes"):
            facts.append("保留修改记录")
        rows = [self._row(name, field) for field in _fields(doctype)]
        table = "\n".join(["| 字段 | 标签 | 类型 | 约束 | 说明 |", "|---|---|---|---|---|", *rows])
        return (
            f"## {name}\n\n**{self._label(name)}** {self.notes[name, '']}。{'；'.join(facts)}。\n\n{table}\n"
        )

    def _row(self, doctype: str, field: dict[str, Any]) -> str:
        limits = [
            text
            for key, text in (
                ("reqd", "必填"),
                ("unique", "唯一"),
                ("search_index", "索引"),
                ("set_only_once", "不可改"),
                ("read_only", "只读"),
                ("hidden", "隐藏"),
            )
            if field.get(key)
        ]
        description = field.get("description")
        texts = [
            self.notes.get((doctype, field["fieldname"])) or (self._label(description) if description else "")
        ]
        if field["fieldtype"] == "Select":
            options = [option for option in field["options"].split("\n") if option]
            texts.append("、".join(f"{option} {self._label(option)}" for option in options))
        if field.get("default") not in (None, "", "0"):
            texts.append(f"默认 {field['default']}")
        said = "；".join(text for text in texts if text)
        return f"| `{field['fieldname']}` | {self._label(field.get('label', ''))} | {_type(field)} | {'、'.join(limits)} | {said} |"

    def _label(self, text: str) -> str:
        return self.labels.get(text, text)


def _type(field: dict[str, Any]) -> str:
    kind = TYPES[field["fieldtype"]]
    if field["fieldtype"] in ("Link", "Table"):
        return f"{kind} {field['options']}"
    return kind


def _naming(doctype: dict[str, Any]) -> str:
    rule = doctype.get("autoname") or "由程序给定"
    return {"hash": "随机"}.get(rule, rule)


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _entity(name: str) -> str:
    return name.replace(" ", "_")


def main() -> None:
    check = "--check" in sys.argv[1:]
    for path, text in Writer().pages().items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if check:
            raise SystemExit(f"{path.relative_to(ROOT)} is stale: run `env/bin/python deploy/data_model.py`")
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
