"""Files compared with what platforms publish; AWS's where the extra `schemas` is installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from deployment.conftest import EVERYTHING, HELLO
from docs.pages import ROOT
from functions_framework.deployment.platforms import files_for
from support.deployment_files import documents

# Where only what every interpreter needs is installed, these tests are not run.
kubernetes_validate = pytest.importorskip("kubernetes_validate")

if TYPE_CHECKING:
    from deployment.conftest import MakeProject

pytestmark = [
    pytest.mark.once,
    pytest.mark.filterwarnings("default"),  # those of other people's packages
]


def require_fit(document: Any) -> None:
    version = kubernetes_validate.latest_version()
    kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.parametrize(
    ("code", "scaled"),
    [(EVERYTHING, []), (HELLO, ["HorizontalPodAutoscaler"])],
    ids=["everything", "hello"],
)
def test_kubernetes_takes_what_is_written(make: MakeProject, code: str, scaled: list[str]) -> None:
    found = files_for("kubernetes", make(code, timeout=20.0))
    kinds = []
    for name in ("deployment.yaml", "service.yaml", *({"autoscaler.yaml"} & found.keys())):
        for document in documents(found[name]):
            require_fit(document)
            kinds.append(document["kind"])
    assert kinds == ["Deployment", "Service", *scaled]


def test_kubernetes_takes_the_examples() -> None:
    own = {"v1", "apps/v1", "autoscaling/v2"}
    count = 0
    for path in sorted((ROOT / "examples").rglob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            if document.get("apiVersion") in own:
                require_fit(document)
                count += 1
    assert count >= 8


def test_a_fault_would_be_seen(make: MakeProject) -> None:
    (document,) = documents(files_for("kubernetes", make())["deployment.yaml"])
    document["spec"]["template"]["spec"]["containers"][0]["redinessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        require_fit(document)


@pytest.mark.skipif(
    importlib.util.find_spec("cfnlint") is None, reason="cfn-lint isn't installed (extra: schemas)"
)
@pytest.mark.parametrize("code", [EVERYTHING, HELLO], ids=["everything", "hello"])
def test_cloudformation_takes_the_template(make: MakeProject, code: str) -> None:
    from cfnlint.api import ManualArgs, lint_file

    path = Path("template.yaml")
    path.write_text(files_for("aws-lambda", make(code))["template.yaml"])
    # W3002: a directory as code, which `aws cloudformation package` uploads.
    arguments = ManualArgs(regions=["eu-west-1"], ignore_checks=["W3002"])
    assert lint_file(path, config=arguments) == []
    path.write_text(path.read_text().replace("Handler:", "Hander:"))
    assert lint_file(path, config=arguments)
