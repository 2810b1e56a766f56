"""Threads a function starts belong to its call, and to no later one."""

from __future__ import annotations

from typing import Any

import pytest

from support.log_process import LABELS, run


def ids_of(records: list[dict[str, Any]]) -> dict[str, str | None]:
    """Messages by the id they carry."""
    return {item["message"]: item.get(LABELS, {}).get("execution_id") for item in records}


def run_in_mode(script: str) -> dict[str, str | None]:
    shown = run(script, LOG_EXECUTION_ID="true")
    lines = [line for line in shown.out.split("\n") if line and line[0] != "{"]
    assert not lines, "printed without an id"
    return ids_of(shown.out_records) | ids_of(shown.err_records)


def test_thread_subclass_and_timer() -> None:
    found = run_in_mode("""
        class Mine(threading.Thread):
            def run(self):
                print("subclass")
        with call("EID1"):
            threads = [
                threading.Thread(target=print, args=("target",)),
                Mine(),
                threading.Timer(0, print, ("timer",)),
                threading.Thread(target=logging.info, args=("logged",)),
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
                assert "run" not in vars(thread)
    """)
    assert found == dict.fromkeys(["target", "subclass", "timer", "logged"], "EID1")


def test_thread_that_outlives_its_call_keeps_its_id_and_its_last_words() -> None:
    found = run_in_mode("""
        go = threading.Event()
        def late():
            go.wait()
            print("late", end="")
        with call("EID1"):
            thread = threading.Thread(target=late)
            thread.start()
        with call("EID2"):
            go.set()
            thread.join()
            print("second")
    """)
    assert found == {"late": "EID1", "second": "EID2"}


def test_thread_of_a_thread() -> None:
    found = run_in_mode("""
        def outer():
            inner = threading.Thread(target=print, args=("inner",))
            inner.start()
            inner.join()
        with call("EID1"):
            thread = threading.Thread(target=outer)
            thread.start()
            thread.join()
    """)
    assert found == {"inner": "EID1"}


def test_executor_task_has_the_call_that_submitted_it() -> None:
    found = run_in_mode("""
        from concurrent.futures import ThreadPoolExecutor
        pool = ThreadPoolExecutor(1)
        for name in ("EID1", "EID2"):
            with call(name):
                pool.submit(print, name).result()
                list(pool.map(print, [f"map {name}"]))
                assert pool.submit(lambda value, *, key: (value, key), 1, key=2).result() == (1, 2)
        assert pool.submit(execution.get).result() is None
    """)
    assert found == {"EID1": "EID1", "map EID1": "EID1", "EID2": "EID2", "map EID2": "EID2"}


def test_executor_task_may_raise_and_leaves_nothing_behind() -> None:
    found = run_in_mode("""
        from concurrent.futures import ThreadPoolExecutor
        pool = ThreadPoolExecutor(1)
        def fail():
            print("unfinished", end="")
            raise ValueError("x")
        with call("EID1"):
            assert isinstance(pool.submit(fail).exception(), ValueError)
            assert execution.get().execution_id == "EID1"
        assert pool.submit(execution.get).result() is None
    """)
    assert found == {"unfinished": "EID1"}


def test_thread_pool_made_in_a_call_does_not_keep_it() -> None:
    shown = run(
        """
        from multiprocessing.pool import ThreadPool
        with call("EID1"):
            pool = ThreadPool(1)
        with call("EID2"):
            pool.apply(print, ("from the pool",))
        pool.terminate()
        """,
        LOG_EXECUTION_ID="true",
    )
    assert shown.out == "from the pool\n"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_current_call_is_known_in_threads_in_every_mode(log_format: str) -> None:
    shown = run(
        """
        from functions_framework.model.execution import current
        def show():
            print(current().execution_id)
        with call("EID1"):
            thread = threading.Thread(target=show)
            thread.start()
            thread.join()
        """,
        LOG_FORMAT=log_format,
    )
    assert shown.out == "EID1\n"


def test_context_variables_of_the_user_are_left_alone() -> None:
    shown = run("""
        from contextvars import ContextVar
        mine = ContextVar("mine", default="default")
        with call("EID1"):
            mine.set("changed")
            thread = threading.Thread(target=lambda: print(mine.get()))
            thread.start()
            thread.join()
    """)
    assert shown.out == "default\n"


def test_tasks_and_to_thread_follow() -> None:
    found = run_in_mode("""
        import asyncio
        async def one(name):
            with call(name):
                await asyncio.to_thread(print, f"thread {name}")
                await asyncio.get_running_loop().run_in_executor(None, print, f"executor {name}")
                await asyncio.create_task(task(name))
        async def task(name):
            await asyncio.sleep(0)
            print(f"task {name}")
        async def main():
            await asyncio.gather(*(one(f"E{n}") for n in range(10)))
        asyncio.run(main())
    """)
    assert len(found) == 30
    assert all(message.split()[1] == execution_id for message, execution_id in found.items())


def test_exception_that_ends_a_thread_is_one_record() -> None:
    shown = run(
        """
        def fail():
            raise ValueError("broken")
        with call("EID1"):
            thread = threading.Thread(target=fail, name="worker")
            thread.start()
            thread.join()
            leaving = threading.Thread(target=sys.exit)
            leaving.start()
            leaving.join()
        """,
        LOG_EXECUTION_ID="true",
    )
    (record,) = shown.err_records
    message = record["message"]
    assert message.startswith("Exception in thread worker\nTraceback (most recent call last):\n")
    assert message.endswith("ValueError: broken")
    assert record[LABELS] == {"execution_id": "EID1"}
    assert "functions_framework" not in message


def test_hook_of_the_users_own_wins() -> None:
    shown = run("""
        threading.excepthook = lambda args: print("mine", args.exc_value)
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
    """)
    assert (shown.out, shown.err) == ("mine division by zero\n", "")
