"""Slots for running calls: never more than there are, none lost, first come first served."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions_framework.server.on_threads.admission import Admission, Slot
from support.server_process import wait_until


def take(admission: Admission) -> Slot | None:
    try:
        return admission.take_free()
    except IndexError:
        return admission.wait()


@pytest.mark.parametrize("slots", [1, 2, 7])
def test_never_more_calls_at_once_than_slots(slots: int) -> None:
    admission, lock = Admission(slots), threading.Lock()
    running = most = 0

    def call(_: int) -> None:
        nonlocal running, most
        slot = take(admission)
        assert slot is not None
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0)
        with lock:
            running -= 1
        admission.give_back(slot)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(call, range(3000)))
    assert 1 <= most <= slots
    assert len({admission.take_free() for _ in range(slots)}) == slots
    with pytest.raises(IndexError):
        admission.take_free()


def test_waiting_calls_are_served_in_the_order_they_came() -> None:
    admission, served = Admission(1), list[int]()
    held = admission.take_free()

    def call(number: int) -> None:
        slot = take(admission)
        assert slot is not None
        served.append(number)
        admission.give_back(slot)

    threads = []
    for number in range(5):
        threads.append(threading.Thread(target=call, args=(number,)))
        threads[-1].start()
        wait_until(lambda: len(admission._waiting) == len(threads), "it waits")
    admission.give_back(held)
    for thread in threads:
        thread.join(10)
    assert served == [0, 1, 2, 3, 4]


def test_full_queue_turns_calls_away_at_once() -> None:
    admission = Admission(1, queue=0)
    held = admission.take_free()
    assert admission.is_saturated
    assert take(admission) is None
    admission.give_back(held)
    assert not admission.is_saturated
    assert take(admission) is held


def test_place_of_a_call_that_waits_for_its_client_is_used_by_another() -> None:
    admission = Admission(1)
    first = take(admission)
    assert first is not None
    assert admission.lend()
    second = take(admission)
    assert second is not None
    reclaiming = threading.Thread(target=admission.reclaim)
    reclaiming.start()
    wait_until(lambda: admission._waiting, "the first waits for its place")
    admission.give_back(second)
    reclaiming.join(10)
    assert admission.is_saturated
    admission.give_back(first)
    assert not admission.is_saturated


def test_nothing_is_lent_while_places_are_plenty() -> None:
    assert not Admission(4).lend()


def test_running_calls_are_named_longest_first() -> None:
    admission = Admission(3)
    for path, age in [("/new", 1), ("/old", 9)]:
        slot = admission.take_free()
        slot.started, slot.environ = time.monotonic() - age, {"PATH_INFO": path}
    found = admission.running()
    assert [call.path for call in found] == ["/old", "/new"]
    assert found[0].seconds == pytest.approx(9, abs=0.5)
