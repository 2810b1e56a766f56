"""Every platform that files can be written for, by the name that the command takes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from .dockerfile import DOCKERIGNORE, dockerfile

if TYPE_CHECKING:
    from .project import Project

DOCKERFILE = "Dockerfile"
IGNORED = ".dockerignore"


class Platform(NamedTuple):
    """What the files of a platform are.

    Attributes:
        module: the one beside this that writes them.
        is_image: whether it runs an image, so that a Dockerfile belongs to them.
        title: what it is called by people.
    """

    module: str
    is_image: bool
    title: str


PLATFORMS = {
    "aws-lambda": Platform("aws_lambda", is_image=False, title="AWS Lambda"),
    "azure": Platform("azure", is_image=False, title="Azure Functions"),
    "cloud-run": Platform("cloud_run", is_image=True, title="Cloud Run"),
    "github": Platform("github", is_image=False, title="GitHub Actions"),
    "heroku": Platform("heroku", is_image=False, title="Heroku"),
    "knative": Platform("knative", is_image=True, title="Knative"),
    "knative-func": Platform("knative_func", is_image=True, title="Knative func"),
    "kubernetes": Platform("kubernetes", is_image=True, title="Kubernetes"),
    "openfaas": Platform("openfaas", is_image=True, title="OpenFaaS"),
    "procfile": Platform("procfile", is_image=False, title="Procfile"),
}


def files_for(platform: str, project: Project) -> dict[str, str]:
    """The files of a platform, text by name; those of the image first.

    Args:
        platform: one of `PLATFORMS`.
        project: what they are made of.
    """
    found = PLATFORMS[platform]
    # Beside a Dockerfile that isn't in the directory it copies, it has another name.
    ignored = f"{DOCKERFILE}{IGNORED}" if project.place else IGNORED
    image = {DOCKERFILE: dockerfile(project), ignored: DOCKERIGNORE} if found.is_image else {}
    own: dict[str, str] = import_module(f".{found.module}", __package__).files(project)
    return image | own


def commands_for(platform: str, project: Project) -> list[str]:
    """The commands that deploy the files, one after the other."""
    module = import_module(f".{PLATFORMS[platform].module}", __package__)
    commands: list[str] = module.commands(project)
    return commands
