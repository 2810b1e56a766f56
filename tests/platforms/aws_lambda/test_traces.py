"""X-Ray's header in W3C's words."""

from __future__ import annotations

import pytest

from functions_framework.platforms.aws_lambda.traces import root_of_trace, traceparent_of

pytestmark = pytest.mark.once

ROOT = "Root=1-5759e988-bd862e3fe1be46a994272793"
PARENT = "Parent=53995c3f42cd8ad8"
IDS = "5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (f"{ROOT};{PARENT};Sampled=1", f"00-{IDS}-01"),
        (f"{ROOT};{PARENT};Sampled=0", f"00-{IDS}-00"),
        (f"{ROOT};{PARENT};Sampled=1;Lineage=a87bd80c:0", f"00-{IDS}-01"),
        (f"{ROOT};{PARENT};Sampled=?", f"00-{IDS}-00"),
        (f"{ROOT};{PARENT}", f"00-{IDS}-00"),
        (f"Self=1-67891234-12456789abcdef012345678;{ROOT};{PARENT};Sampled=1", f"00-{IDS}-01"),
        (f"Sampled=1; {PARENT}; {ROOT}", f"00-{IDS}-01"),
        (ROOT, None),
        (PARENT, None),
        ("", None),
        ("Root=1-5759e988-bd862e3fe1be46a99427279;Parent=53995c3f42cd8ad8;Sampled=1", None),
        ("Root=1-5759e988-bd862e3fe1be46a994272793f;Parent=53995c3f42cd8ad8", None),
        (f"{ROOT};Parent=53995C3F42CD8AD8;Sampled=1", None),
        ("Root=\n;Parent=", None),
    ],
)
def test_headers(header: str, expected: str | None) -> None:
    assert traceparent_of(header) == expected


def test_a_trace_as_x_ray_writes_it() -> None:
    assert f"Root={root_of_trace(IDS.partition('-')[0])}" == ROOT
