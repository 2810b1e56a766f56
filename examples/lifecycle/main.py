"""A database that is opened once, closed at the end, and replaced in tests."""

import sqlite3
from collections.abc import Iterator

import flask

import functions_framework


@functions_framework.resource
def database() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    yield connection
    connection.close()
    print("the database is closed")


@functions_framework.on_startup
def make_table() -> None:
    database().execute("create table visits (path text)")


@functions_framework.on_shutdown
def report() -> None:
    print("visits:", count())


def count() -> int:
    (amount,) = database().execute("select count(*) from visits").fetchone()
    return int(amount)


@functions_framework.http
def visit(request: flask.Request) -> dict[str, int]:
    with database() as connection:
        connection.execute("insert into visits values (?)", [request.path])
    return {"visits": count()}
