"""A page that shows an OpenAPI document to people, who can send requests from it.

Every text of the document goes through `html.escape`. What can be read is there without the page's
script; that adds the forms.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from ..web.page import HERE, Parts, page_of

Document = Mapping[str, Any]

_BODY = """<a class="skip" href="#main">Skip to the functions</a>
<main id="main" class="docs">
<h1>{title}</h1>
<p class="dim">Typed functions. <a href="openapi.json">OpenAPI document</a></p>
{parts}
</main>
<p id="said" class="hidden" role="status"></p>"""


# Of JSON Schema (2020-12, validation), what bounds a value.
_LIMITS = frozenset({
    "const", "exclusiveMaximum", "exclusiveMinimum", "format", "maxItems", "maxLength",
    "maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum", "multipleOf",
    "pattern", "uniqueItems",
})  # fmt: skip


def render(document: Document) -> str:
    """Render the page.

    Args:
        document: as `openapi.document` makes it.
    """
    title = str(document["info"]["title"]) or "Functions"
    parts = "\n".join([*_operations(document), *_schemas(document)])
    styles, scripts = [HERE / "base.css", HERE / "docs.css"], [HERE / "form.js", HERE / "docs.js"]
    body = _BODY.format(title=escape(title), parts=parts)
    return page_of(Parts(title, body, styles, scripts, document))


def _operations(document: Document) -> Iterator[str]:
    if not document["paths"]:
        yield "<p>None of the functions served says which types it takes.</p>"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            id_ = escape(operation["operationId"])
            yield f'<section class="card" aria-labelledby="{id_}">'
            yield (
                f'<h2 id="{id_}"><span class="method">{escape(method.upper())}</span> '
                f"<code>{escape(path)}</code></h2>"
            )
            yield f"<p>{escape(operation.get('summary', ''))}</p>"
            if "description" in operation:
                yield f'<p class="text">{escape(operation["description"])}</p>'
            yield from _input(operation, document)
            yield from _responses(operation)
            at = f'data-path="{escape(path)}" data-method="{escape(method)}"'
            yield f'<div class="try" {at}></div>\n</section>'


def _input(operation: Document, document: Document) -> Iterator[str]:
    if "parameters" in operation:
        yield "<h3>Query string</h3>"
        yield from _table(
            (item["name"], item["schema"], bool(item.get("required")))
            for item in operation["parameters"]
        )
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<h3>Body</h3>\n<p>{escape(kind)}: {_kind(content['schema'])}</p>"
        schema = _resolved(content["schema"], document)
        if schema.get("properties"):
            required = schema.get("required", ())
            yield from _table(
                (name, item, name in required) for name, item in schema["properties"].items()
            )


def _table(rows: Iterable[tuple[str, Document, bool]]) -> Iterator[str]:
    """Names with what they take and what holds where they are left out."""
    yield '<div class="wide"><table>\n<tr><th>Name<th>Required<th>Default<th>Type'
    for name, schema, is_required in rows:
        default = ""
        if "default" in schema:
            default = f"<code>{_json(schema['default'])}</code>"
        text = schema.get("description", "")
        note = f'<br><span class="dim">{escape(str(text))}</span>' if text else ""
        yield (
            f"<tr><td><code>{escape(name)}</code><td>{'yes' if is_required else 'no'}"
            f"<td>{default}<td>{_kind(schema)}{note}"
        )
    yield "</table></div>"


def _resolved(schema: Document, document: Document) -> Document:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: Document = document.get("components", {}).get("schemas", {}).get(name, {})
    return found if name else schema


def _responses(operation: Document) -> Iterator[str]:
    yield '<h3>Responses</h3>\n<div class="wide"><table>\n<tr><th>Status<th>Meaning<th>Body'
    for status, answer in operation["responses"].items():
        bodies = "<br>".join(
            f"{escape(kind)}: {_kind(content['schema'])}"
            for kind, content in answer.get("content", {}).items()
        )
        yield f"<tr><td>{escape(status)}<td>{escape(answer['description'])}<td>{bodies}"
    yield "</table></div>"


def _schemas(document: Document) -> Iterator[str]:
    components = document.get("components", {}).get("schemas", {})
    if components:
        yield '<section class="card" aria-labelledby="types"><h2 id="types">Types</h2>'
    for name, schema in components.items():
        text = json.dumps(schema, indent=2, ensure_ascii=False, default=str)
        head = f'<h3 id="type-{escape(name)}">{escape(name)}</h3>'
        yield f'{head}\n<pre tabindex="0">{escape(text)}</pre>'
    if components:
        yield "</section>"


def _kind(schema: Document) -> str:
    """A schema in a few words; one with a name leads to the list of types."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#type-{name}">{name}</a>'
    alternatives = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    if alternatives:
        return " or ".join(map(_kind, alternatives))
    if schema.get("type") == "array" and isinstance(schema.get("items"), Mapping):
        return f"list of {_kind(schema['items'])}"
    if "enum" in schema:
        return " or ".join(f"<code>{_json(value)}</code>" for value in schema["enum"])
    kind = schema.get("type", "any value")
    words = [" or ".join(kind) if isinstance(kind, list) else str(kind)]
    words += [f"{key} {value}" for key, value in schema.items() if key in _LIMITS]
    shown = escape(", ".join(words))
    examples = ", ".join(map(_json, schema.get("examples", ())))
    return f"{shown}, such as <code>{examples}</code>" if examples else shown


def _json(value: object) -> str:
    return escape(json.dumps(value, ensure_ascii=False, default=str))
