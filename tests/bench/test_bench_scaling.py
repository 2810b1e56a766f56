"""The queueing model: beside formulas where there are some, and by its rules where not."""

from __future__ import annotations

import math

import pytest
from bench.points import named
from bench.scaling import HPA, KNATIVE, Instance, Work, cluster, curve_of, latency

from bench import scaling_page

CPU = Work(1e-3)


@pytest.mark.parametrize("utilisation", [0.3, 0.6])
def test_one_core_is_the_queue_of_the_textbook(utilisation: float) -> None:
    # M/M/1: the time in the system is exponential with the rate mu - lambda.
    found = latency(CPU, Instance(slots=10_000), utilisation * 1000, requests=100_000)
    spare = 1000 * (1 - utilisation)
    assert found.p50 == pytest.approx(math.log(2) / spare, rel=0.05)
    assert found.p99 == pytest.approx(math.log(100) / spare, rel=0.1)


def test_waiting_takes_a_slot_and_no_core() -> None:
    work = Work(cpu=1e-5, wait=0.02)
    assert latency(work, Instance(slots=100), 100).p50 == pytest.approx(0.02, rel=0.01)
    assert Instance(slots=100).capacity(work) == pytest.approx(100 / 0.02001)
    assert Instance(cores=2, slots=100).capacity(CPU) == 2000


def test_two_cores_wait_less_than_one_at_the_same_utilisation() -> None:
    assert latency(CPU, Instance(2), 1600).p99 < latency(CPU, Instance(1), 800).p99


def test_latency_grows_with_utilisation() -> None:
    tails = [found.p99 for _, found in curve_of(CPU, Instance()).points]
    assert tails == sorted(tails)


@pytest.mark.parametrize("scaler", [HPA, KNATIVE])
def test_an_autoscaler_follows_the_load(scaler: object) -> None:
    found = cluster(CPU, Instance(), HPA if scaler is HPA else KNATIVE, 10_000)
    assert found.before == math.ceil(10 / (HPA if scaler is HPA else KNATIVE).target)
    assert 30 <= found.after <= 60
    assert not found.is_behind
    assert found.cost > found.spent == pytest.approx(1000)


def test_a_slow_start_costs_latency_and_a_low_target_money() -> None:
    usual = cluster(CPU, Instance(), HPA, 10_000)
    slow = cluster(CPU, Instance(), HPA._replace(ready_after=30), 10_000)
    low = cluster(CPU, Instance(), HPA._replace(target=0.4), 10_000)
    assert slow.p99 > usual.p99 > low.p99
    assert low.cost > usual.cost


def test_cpu_time_says_nothing_of_functions_that_wait() -> None:
    work = Work(cpu=1e-5, wait=0.02)
    assert cluster(work, Instance(), HPA, 100_000).is_behind
    assert not cluster(work, Instance(), KNATIVE, 100_000).is_behind


def test_a_steady_load_changes_nothing() -> None:
    found = cluster(CPU, Instance(), HPA, 10_000, jump=1.0)
    assert found.after == found.before
    assert found.late == 0


def test_the_page_is_fed_with_what_was_measured() -> None:
    cases = [named("http", who) | {"rate": [rate]} for who, rate in (("ours", 5e4), ("ref", 5e3))]
    workers = [
        named("`def`, 1 ms of CPU time", who, 4) | {"rate": [rate], "p99": [0.004]}
        for who, rate in (("1 worker", 900.0), ("2 workers", 1700.0))
    ]
    text = scaling_page.render({"groups": {"cases": cases, "workers": workers}})
    assert "| greeting on 3.10 | 200 µs | 0 ms |" in text
    assert "1,700 (4.00 ms; \u00d7 1.89)" in text
    assert "served by 31 instances,\nand by 308 instances with 3.10" in text
