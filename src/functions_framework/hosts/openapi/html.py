"""A page that shows an OpenAPI document to people: one HTML text, nothing fetched from elsewhere.

Every text of the document goes through `html.escape`; there is no script on the page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

Document = Mapping[str, Any]

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --accent: #2563eb; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 56rem; padding: 0 1rem; }
h2 { border-bottom: 1px solid var(--line); margin-top: 2.5rem; padding-bottom: .3rem; }
h2 .method { color: var(--accent); }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .6rem; text-align: left;
  vertical-align: top; }
pre { background: var(--soft); border-radius: .4rem; overflow-x: auto; padding: .8rem; }
code, pre { font: 14px/1.45 ui-monospace, monospace; }
.text { white-space: pre-line; }
"""

# No source of anything but the style above, even if a text should ever slip through unescaped.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render(document: Document) -> str:
    """Render the page.

    Args:
        document: as `openapi.document` makes it.
    """
    title = escape(str(document["info"]["title"]) or "Functions")
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>",
        f"<style>{_STYLE}</style>",
        f"<h1>{title}</h1>",
        *_operations(document),
        *_schemas(document),
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def _operations(document: Document) -> Iterator[str]:
    if not document["paths"]:
        yield "<p>None of the functions served says which types it takes.</p>"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield (
                f'<h2 id="{escape(operation["operationId"])}"><span class="method">'
                f"{escape(method.upper())}</span> <code>{escape(path)}</code></h2>"
            )
            yield f"<p>{escape(operation.get('summary', ''))}</p>"
            if "description" in operation:
                yield f'<p class="text">{escape(operation["description"])}</p>'
            yield from _input(operation)
            yield from _answers(operation)


def _input(operation: Document) -> Iterator[str]:
    if "parameters" in operation:
        yield "<h3>Query string</h3>\n<table>\n<tr><th>Name<th>Required<th>Type"
        for item in operation["parameters"]:
            is_required = "yes" if item.get("required") else "no"
            yield (
                f"<tr><td><code>{escape(item['name'])}</code><td>{is_required}"
                f"<td>{_kind(item['schema'])}"
            )
        yield "</table>"
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<h3>Body</h3>\n<p>{escape(kind)}: {_kind(content['schema'])}</p>"


def _answers(operation: Document) -> Iterator[str]:
    yield "<h3>Answers</h3>\n<table>\n<tr><th>Status<th>Meaning<th>Body"
    for status, answer in operation["responses"].items():
        bodies = "<br>".join(
            f"{escape(kind)}: {_kind(content['schema'])}"
            for kind, content in answer.get("content", {}).items()
        )
        yield f"<tr><td>{escape(status)}<td>{escape(answer['description'])}<td>{bodies}"
    yield "</table>"


def _schemas(document: Document) -> Iterator[str]:
    components = document.get("components", {}).get("schemas", {})
    if components:
        yield "<h2>Types</h2>"
    for name, schema in components.items():
        text = json.dumps(schema, indent=2, ensure_ascii=False, default=str)
        yield f'<h3 id="type-{escape(name)}">{escape(name)}</h3>\n<pre>{escape(text)}</pre>'


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
    known = {key: value for key, value in schema.items() if key not in {"title", "description"}}
    if known.keys() <= {"type"}:
        return escape(str(known.get("type", "any value")))
    return f"<code>{escape(json.dumps(known, ensure_ascii=False, default=str))}</code>"
