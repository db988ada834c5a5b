"""An OpenAPI document as a page shows it: methods in groups, arguments and answers as rows of a table. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Deeper than any answer; ends a schema that refers to itself.
_DEEPEST = 8


@dataclass(frozen=True)
class Row:
    """An argument or a field of an answer. `type` is a key for the reader's language; `depth` its place in the tree."""

    name: str
    type: str
    many: bool = False
    optional: bool = False
    default: str = ""
    note: str = ""
    depth: int = 0


@dataclass(frozen=True)
class Method:
    """One address with what may be sent to it and what comes back."""

    name: str
    path: str
    verbs: tuple[str, ...]
    roles: tuple[str, ...]
    summary: str
    description: str
    arguments: tuple[Row, ...]
    answer: tuple[Row, ...]
    # Media type of an answer that is a file; empty for JSON.
    file: str
    gateway: bool
    # (status, when): what a gateway is answered, else the refusals that are possible.
    statuses: tuple[tuple[str, str], ...]

    @property
    def anchor(self) -> str:
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Group:
    """The methods of one module."""

    module: str
    about: str
    methods: tuple[Method, ...]

    @property
    def anchor(self) -> str:
        return f"group-{self.module}"


@dataclass(frozen=True)
class ErrorCode:
    code: str
    status: int
    description: str


def groups(document: dict[str, Any]) -> list[Group]:
    """The methods by module, in the order of the document's tags."""
    methods: dict[str, list[Method]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        tag = next(iter(operations.values()))["tags"][0]
        methods[tag].append(_method(path, operations, document["components"]))
    return [
        Group(tag["name"], tag["description"], tuple(methods[tag["name"]]))
        for tag in document["tags"]
        if methods[tag["name"]]
    ]


def error_codes(document: dict[str, Any]) -> list[ErrorCode]:
    """The values of `error_code`, by status."""
    return [
        ErrorCode(code, about["status"], about["description"])
        for code, about in document["x-error-codes"].items()
    ]


def _method(path: str, operations: dict[str, Any], components: dict[str, Any]) -> Method:
    operation = operations.get("post") or next(iter(operations.values()))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    gateway = operation.get("x-gateway", False)
    contents: dict[str, Any] = operation["responses"]["200"].get("content", {})
    media_type = next(iter(contents), "")
    message = contents.get(media_type, {}).get("schema", {}).get("properties", {}).get("message", {})
    statuses = {
        status: components["responses"][status]["description"] if "$ref" in answer else answer["description"]
        for status, answer in operation["responses"].items()
        if gateway or status != "200"
    }
    return Method(
        name=path.rsplit(".", 1)[-1],
        path=path,
        verbs=tuple(verb.upper() for verb in operations),
        roles=tuple(operation.get("x-roles", ())),
        summary=operation["summary"],
        description=operation["description"],
        arguments=() if gateway else tuple(_fields(body, components["schemas"], 0)),
        answer=tuple(_fields(_resolved(message, components["schemas"]), components["schemas"], 0)),
        file=media_type if media_type not in ("", "application/json") else "",
        gateway=gateway,
        statuses=tuple(sorted(statuses.items())),
    )


def _fields(schema: dict[str, Any], schemas: dict[str, Any], depth: int) -> Iterator[Row]:
    """The properties of an object, each followed by its own."""
    required = schema.get("required", ())
    for name, given in schema.get("properties", {}).items():
        inner, many, empty = _unwrapped(given, schemas)
        default = given.get("default")
        yield Row(
            name=name,
            type=_type(inner),
            many=many,
            optional=empty or name not in required,
            default=""
            if default is None
            else str(default).lower()
            if default in (True, False)
            else str(default),
            note=given.get("description", ""),
            depth=depth,
        )
        if depth < _DEEPEST:
            yield from _fields(inner, schemas, depth + 1)


def _unwrapped(schema: dict[str, Any], schemas: dict[str, Any]) -> tuple[dict[str, Any], bool, bool]:
    """The schema inside "or null", references and lists; whether it was a list; whether it may be null."""
    empty = many = False
    while True:
        schema = _resolved(schema, schemas)
        choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
        if choices and len(choices) < len(schema["anyOf"]):
            empty = True
        if len(choices) == 1:
            schema = choices[0]
        elif schema.get("type") == "array":
            schema, many = schema.get("items", {}), True
        else:
            return schema, many, empty


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def _type(schema: dict[str, Any]) -> str:
    """string, integer, number, boolean, object, date, date-time, decimal, null; "any" for what may be several."""
    if "anyOf" in schema:
        kinds = [_type(choice) for choice in schema["anyOf"]]
        # Pydantic reads amounts from numbers, too; the contract sends them as strings.
        return "decimal" if "decimal" in kinds else "any"
    return schema.get("format") or schema.get("type") or "any"
