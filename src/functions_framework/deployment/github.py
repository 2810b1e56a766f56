"""GitHub: a workflow that tests, checks, and compares the files of other platforms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .yaml_text import yaml_of

if TYPE_CHECKING:
    from .project import Project

FILE = ".github/workflows/test.yml"


def files(project: Project) -> dict[str, str]:
    """The one file, text by name."""
    install = _install(project)
    setup = {"python-version": project.python}
    if "requirements" in install:
        setup |= {"cache": "pip", "cache-dependency-path": "requirements*.txt"}
    needed = {name: f"${{{{ secrets.{name} }}}}" for name in project.variables}
    job: dict[str, Any] = {
        "runs-on": "ubuntu-latest",
        "timeout-minutes": 15,
        **({"env": needed} if needed else {}),
        "steps": [
            {"uses": "actions/checkout@v4", "with": {"persist-credentials": False}},
            {"uses": "actions/setup-python@v5", "with": setup},
            {"run": install},
            {"run": "functions-framework check --strict"},
            *({"run": f"{command} --check"} for command in project.written),
            *([{"run": "pytest"}] if project.has_tests else []),
        ],
    }
    document = {
        "name": "test",
        "on": ["push", "pull_request"],
        "permissions": {"contents": "read"},
        "jobs": {"test": job},
    }
    return {FILE: yaml_of(document, head=project.head("github"))}


def commands(_: Project) -> list[str]:
    """What deploys."""
    return [f"git add {FILE} && git commit --message 'Test on each push' && git push"]


def _install(project: Project) -> str:
    if project.test_requirements:
        return f"pip install -r {project.test_requirements}"
    return project.requirements.pip("pytest" if project.has_tests else "")
