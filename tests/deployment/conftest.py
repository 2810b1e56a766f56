"""Projects made of sources, as `deploy-files` makes them."""

from __future__ import annotations

import ast
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.commands.one_call import load_only
from functions_framework.commands.project_of import Wanted, project_of
from functions_framework.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from functions_framework.deployment.project import Project

    MakeProject = Callable[..., Project]

EVERYTHING = """
    import os
    from dataclasses import dataclass
    import functions_framework
    from functions_framework import PubSubMessage

    KEY = os.environ.get("API_KEY") or "none"

    @dataclass
    class Order:
        number: int

    @functions_framework.http
    def hello(request):
        return os.environ["API_KEY"]

    @functions_framework.typed
    def add_order(order: Order) -> int:
        return order.number

    @functions_framework.cloud_event(type=["com.example.order.created", "com.example.invoice.*"])
    async def on_order(event): ...

    @functions_framework.cloud_event(path="/messages")
    def on_message(message: PubSubMessage): ...

    @functions_framework.cloud_event(type="com.amazonaws.sqs.Message", path="/queue")
    def on_queue(event): ...

    @functions_framework.cloud_event(type="com.amazonaws.sns.Notification", path="/topic")
    def on_topic(event): ...

    @functions_framework.cloud_event(
        type=["com.amazonaws.s3.ObjectCreated:Put", "com.amazonaws.s3.ObjectRemoved:Delete"],
        path="/files",
    )
    def on_file(event): ...

    @functions_framework.cloud_event(type="com.amazonaws.kinesis.Record", path="/records")
    def on_record(event): ...

    @functions_framework.cloud_event(type="com.amazonaws.dynamodb.*", path="/rows")
    def on_row(event): ...

    @functions_framework.cloud_event(type="Scheduled Event", path="/time")
    def on_time(event): ...
"""
HELLO = """
    import functions_framework

    @functions_framework.http
    def hello(request):
        return "Hello"
"""


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeProject:
    """Makes the project of a source; further arguments are settings."""

    def project(code: str = HELLO, *, platform: str = "", **settings: Any) -> Project:
        name, image = settings.pop("name", None), settings.pop("image", None)
        path = tmp_path / "shop" / "main.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(code))
        monkeypatch.chdir(path.parent)
        made = Settings(**settings)
        functions = load_only(made)
        tree = ast.parse(path.read_bytes())
        return project_of(functions, made, settings, tree, Wanted(platform, name, image))

    return project
