"""The function with a database that already has visits."""

import sqlite3

import main

with sqlite3.connect(":memory:") as other:
    other.execute("create table visits (path text)")
    other.execute("insert into visits values ('/before')")
    with main.database.override(other):
        assert main.count() == 1
    other.rollback()
other.close()
print("ok")
