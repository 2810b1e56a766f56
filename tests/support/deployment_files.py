"""Files that deploy: read, and compared with the schemas of `tests/data/deployment`."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

SCHEMAS = Path(__file__).parents[1] / "data" / "deployment"


class _Reader(yaml.SafeLoader):
    """Refuses a key that stands twice, and reads what CloudFormation calls functions."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key twice: {keys}"
        return super().construct_mapping(node, deep=deep)


# What looks like a date is a text: JSON's types are all there are.
_Reader.yaml_implicit_resolvers = {
    start: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
    for start, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _function(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    name = suffix if suffix == "Ref" else f"Fn::{suffix}"
    return {name: loader.construct_scalar(node)}


yaml.add_multi_constructor("!", _function, Loader=_Reader)


def documents(text: str) -> list[Any]:
    """The documents of a YAML file, none of them empty."""
    found = list(yaml.load_all(text, Loader=_Reader))
    assert "\t" not in text
    assert all(isinstance(one, dict) and one for one in found)
    return found


def check(name: str, text: str) -> None:
    """Compare a file with its schema.

    Raises:
        AssertionError: it doesn't fit, or there is no schema for it.
    """
    file = Path(name).name
    if file in {"host.json", "function.json"}:
        _fit(file, json.loads(text))
    elif file in {"stack.yaml", "func.yaml"}:
        _fit(file, *documents(text))
    elif file == "template.yaml":
        (template,) = documents(text)
        _fit("template", template)
        for resource in template["Resources"].values():
            _fit(resource["Type"], resource["Properties"])
    else:
        for document in documents(text):
            _fit(f"{document['apiVersion']} {document['kind']}", document)


def check_workflow(text: str) -> None:
    """Compare a workflow of GitHub with the schema that `check-jsonschema` brings.

    Raises:
        AssertionError: it doesn't fit.
    """
    found = files("check_jsonschema") / "builtin_schemas" / "vendor" / "github-workflows.json"
    _compare("workflow", json.loads(found.read_text(encoding="utf-8")), *documents(text))


def check_compose(text: str) -> None:
    """As `check_workflow`, a file of Docker Compose."""
    found = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    _compare("compose", json.loads(found.read_text(encoding="utf-8")), *documents(text))


def _fit(name: str, value: Any) -> None:
    _compare(name, _schemas()[name], value)


def _compare(name: str, schema: Any, value: Any) -> None:
    faults = [
        f"{'/'.join(map(str, fault.absolute_path))}: {fault.message}"
        for fault in validator_for(schema, Draft202012Validator)(schema).iter_errors(value)
    ]
    assert not faults, f"{name}: {faults}"


@cache
def _schemas() -> dict[str, Any]:
    found = {}
    for path in sorted(SCHEMAS.glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        shared = content.pop("$defs")
        assert content.pop("$comment")
        for name, schema in content.items():
            Draft202012Validator.check_schema(schema)
            found[name] = {**schema, "$defs": shared}
    return found
