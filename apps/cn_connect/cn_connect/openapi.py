"""OpenAPI 3.1 from the typed API methods: signatures become request bodies, docstrings descriptions.

Everything comes from the code (`api_method` and `gateway_method` keep it), so the document cannot say anything the
server does not do. Texts are English like their sources; `translated` puts them into another language.
"""

import importlib
import inspect
import typing
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from cn_connect import api_bounds
from cn_connect.api import ERROR_CODES
from cn_connect.api_method import ApiMethod, Download
from cn_connect.gateway_method import GatewayMethod

_REF = "#/components/schemas/{model}"
_TEXTS = ("summary", "description")
_REFUSALS = {
    "400": "The body is not JSON, or the CSRF token of the session is missing or wrong",
    "401": "Not signed in, or wrong credentials",
    "403": "Not allowed",
    "404": "Not found",
    "408": "The body came too slowly",
    "409": "Duplicate, or the Idempotency-Key is in use",
    "413": "The body is too large",
    "417": "Arguments or values are not accepted",
    "429": "Locked or too often",
    "503": "Busy, or a gateway is unavailable; try again",
}
# Answered before a method is looked for, to gateways, too; and those whose body is not ours.
_OF_EVERY_REQUEST = ("400", "401", "408", "413", "503")
_WITHOUT_BODY = ("408", "413")
_ERROR_SCHEMA = {
    "type": "object",
    "properties": {
        "error_code": {"type": "string", "description": "Stable code for programs"},
        "exc_type": {"type": "string", "description": "Class of the error"},
        "_server_messages": {
            "type": "string",
            "description": "JSON list of JSON objects with the message for people",
        },
        "retry_after": {"type": "integer", "description": "Seconds to wait"},
    },
}


def generate(modules: Iterable[str], title: str = "API", version: str = "1") -> dict[str, Any]:
    """The OpenAPI document of all API methods of those modules (dotted names), in a stable order."""
    modules = list(modules)
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for module_name in modules:
        for name, endpoint in _endpoints(importlib.import_module(module_name)):
            dotted = f"{module_name}.{name}"
            paths[f"/api/method/{dotted}"] = (
                _gateway_path(dotted, module_name, endpoint)
                if isinstance(endpoint, GatewayMethod)
                else _api_path(dotted, module_name, endpoint, schemas)
            )
    codes = _error_codes(modules)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "tags": [{"name": name, "description": _about(name)} for name in modules],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())) | {"Error": _ERROR_SCHEMA},
            "responses": {status: _refusal(status, codes) for status in _REFUSALS},
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "sid"},
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "token key:secret",
                },
            },
        },
        "x-error-codes": codes,
    }


def translated(document: Any, translate: Callable[[str], str]) -> Any:
    """The document with every summary and description passed through `translate`."""
    if isinstance(document, list):
        return [translated(entry, translate) for entry in document]
    if not isinstance(document, dict):
        return document
    return {
        key: translate(value)
        if key in _TEXTS and isinstance(value, str) and value
        else translated(value, translate)
        for key, value in document.items()
    }


def _about(module_name: str) -> str:
    return _text(inspect.getdoc(importlib.import_module(module_name)))[0]


def _text(docstring: str | None) -> tuple[str, str]:
    """First sentence-line and the rest of a docstring, each on one line, as translations have them."""
    summary, _blank, rest = (docstring or "").partition("\n")
    return summary, " ".join(rest.split())


def _endpoints(module: ModuleType) -> list[tuple[str, ApiMethod | GatewayMethod]]:
    found: list[tuple[str, ApiMethod | GatewayMethod]] = []
    for name, value in vars(module).items():
        kept = getattr(value, "__api_method__", None) or getattr(value, "__gateway_method__", None)
        if isinstance(kept, ApiMethod | GatewayMethod):
            found.append((name, kept))
    return sorted(found, key=lambda entry: entry[0])


def _error_codes(modules: Iterable[str]) -> dict[str, Any]:
    """Our codes and those in the `api` package of each app."""
    codes = dict(ERROR_CODES)
    for app in dict.fromkeys(name.partition(".")[0] for name in modules):
        try:
            codes |= getattr(importlib.import_module(f"{app}.api"), "ERROR_CODES", {})
        except ModuleNotFoundError as error:
            if error.name not in (app, f"{app}.api"):
                raise
    ordered = sorted(codes.items(), key=lambda entry: (entry[1][0], entry[0]))
    return {code: {"status": status, "description": text} for code, (status, text) in ordered}


def _gateway_path(dotted: str, tag: str, method: GatewayMethod) -> dict[str, Any]:
    summary, description = _text(inspect.getdoc(method.function))
    answers = {**{int(status): _REFUSALS[status] for status in _OF_EVERY_REQUEST}, **method.answers}
    return {
        "post": {
            "operationId": dotted,
            "tags": [tag],
            "summary": summary,
            "description": description,
            "requestBody": {"content": _json({"type": "object"}), "required": True},
            "responses": {str(status): {"description": text} for status, text in sorted(answers.items())},
            "x-gateway": True,
        }
    }


def _api_path(dotted: str, tag: str, method: ApiMethod, schemas: dict[str, Any]) -> dict[str, Any]:
    return {verb.lower(): _operation(dotted, tag, method, verb, schemas) for verb in method.methods}


def _operation(
    dotted: str, tag: str, method: ApiMethod, verb: str, schemas: dict[str, Any]
) -> dict[str, Any]:
    summary, description = _text(inspect.getdoc(method.function))
    hints = typing.get_type_hints(method.function, include_extras=True)
    refusals = [status for status in _REFUSALS if _may_refuse(status, method, verb)]
    operation: dict[str, Any] = {
        "operationId": dotted if len(method.methods) == 1 else f"{dotted}.{verb.lower()}",
        "tags": [tag],
        "summary": summary,
        "description": description,
        "responses": {
            "200": _answer(hints.get("return", Any), schemas),
            **{status: {"$ref": f"#/components/responses/{status}"} for status in refusals},
        },
    }
    if method.roles:
        operation["x-roles"] = list(method.roles)
        operation["security"] = [{"session": []}, {"token": []}]
    if verb == "GET":
        operation["parameters"] = _query(method, hints, schemas)
    else:
        operation["parameters"] = [_idempotency_header()] if method.roles else []
        operation["requestBody"] = {"content": _json(_body(method, hints, schemas)), "required": True}
    return operation


def _may_refuse(status: str, method: ApiMethod, verb: str) -> bool:
    if status == "403":
        return bool(method.roles)
    return status not in ("408", "409", "413") or verb != "GET"


def _answer(hint: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    download = next((extra for extra in typing.get_args(hint) if isinstance(extra, Download)), None)
    if download:
        return {"description": "The file itself", "content": {download.media_type: {}}}
    message = _schema(hint, schemas, "serialization")
    return {
        "description": "Success",
        "content": _json({"type": "object", "properties": {"message": message}}),
    }


def _body(method: ApiMethod, hints: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
    for name, parameter in method.signature.parameters.items():
        body["properties"][name] = _schema(hints.get(name, Any), schemas, "validation", parameter.default)
    required = [
        name for name, p in method.signature.parameters.items() if p.default is inspect.Parameter.empty
    ]
    return {**body, "required": required} if required else body


def _query(method: ApiMethod, hints: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "query",
            "required": parameter.default is inspect.Parameter.empty,
            "schema": _schema(hints.get(name, Any), schemas, "validation", parameter.default),
        }
        for name, parameter in method.signature.parameters.items()
    ]


def _schema(
    hint: Any, schemas: dict[str, Any], mode: Any, default: Any = inspect.Parameter.empty
) -> dict[str, Any]:
    schema = TypeAdapter(hint).json_schema(mode=mode, ref_template=_REF, schema_generator=_WireSchema)
    schemas.update(schema.pop("$defs", {}))
    if default is not inspect.Parameter.empty and isinstance(default, str | int | float | bool | None):
        schema = {**schema, "default": default}
    return schema


class _WireSchema(GenerateJsonSchema):
    """Amounts are strings on the wire, in both directions. What is asked for has its bounds (`api_bounds`)."""

    def str_schema(self, schema: Any) -> JsonSchemaValue:
        bounds = {"maxLength": api_bounds.LONGEST_TEXT} if self.mode == "validation" else {}
        return {**super().str_schema(schema), **bounds}

    def int_schema(self, schema: Any) -> JsonSchemaValue:
        limit = api_bounds.LARGEST_INT
        bounds = {"minimum": -limit, "maximum": limit} if self.mode == "validation" else {}
        return {**bounds, **super().int_schema(schema)}

    def decimal_schema(self, schema: Any) -> JsonSchemaValue:
        return {"type": "string", "format": "decimal", "pattern": r"^-?\d+(\.\d+)?$", "examples": ["128.50"]}


def _idempotency_header() -> dict[str, Any]:
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "The same key and arguments within 24 hours get the first answer and change nothing.",
        "schema": {"type": "string", "maxLength": 128},
    }


def _refusal(status: str, codes: dict[str, Any]) -> dict[str, Any]:
    own = [code for code, about in codes.items() if str(about["status"]) == status]
    if status in _WITHOUT_BODY:
        return {"description": _REFUSALS[status]}
    return {
        "description": _REFUSALS[status],
        "content": _json({"$ref": "#/components/schemas/Error"}),
        "x-error-codes": own,
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
