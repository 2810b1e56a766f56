"""The console and the page of typed functions in Chromium: what a person does, sees and hears."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from support.browser import NARROW, WIDE, Page, browser
from support.served_source import Given, Served, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    pytest.mark.xdist_group("browser"),
]

SOURCE = '''
import logging
from dataclasses import dataclass, field
from typing import Annotated, Literal

import msgspec
import functions_framework

PRICES = {"tea": 3}

@dataclass
class Address:
    street: str

@dataclass
class Order:
    item: Literal["tea", "cake"]
    count: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    address: Address | None = None
    tags: list[str] = field(default_factory=list)

@functions_framework.http
def price(request):
    """Say what something <b>costs</b>."""
    logging.getLogger("shop").warning("asked")
    return {"price": PRICES[request.args.get("item", "tea")]}

@functions_framework.typed
def order(value: Order) -> Order:
    return value

@functions_framework.cloud_event
async def on_storage(event):
    print(event["type"], event.data["bucket"])

@functions_framework.http
def WORD(request):
    """DOCUMENTED"""
    logging.getLogger("WORD").warning("WORD")
    if "crash" in request.args:
        raise type("WORD", (Exception,), {})("WORD")
    return "WORD", 404, {"X-WORD": "WORD", "Content-Type": "text/WORD"}
'''.replace("DOCUMENTED", "d" * 300)
LONG = "w" * 150
SOURCE = SOURCE.replace("WORD", LONG)
SERVERS = {"shop": Given(SOURCE, ("--debug", "--docs"))}
STATUS = "#result .status"
AREA = "#body-part [aria-label=Body]"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Page]:
    with browser() as page:
        yield page


@pytest.fixture
def console(chromium: Page, servers: dict[str, Served]) -> Page:
    chromium.look(WIDE)
    chromium.open(f"{servers['shop'].client.base_url}/_ff")
    chromium.until("document.querySelector('#function-list button')")
    return chromium


def sent(page: Page) -> str:
    """Send what is in the composer; the status that is shown."""
    page.run("document.querySelector('#result').replaceChildren()")
    page.click("#send")
    page.until("document.querySelector(arguments[0])", STATUS)
    return page.text(STATUS)


def choose(page: Page, name: str) -> None:
    page.click(f"[data-name={name}]")
    page.until("document.querySelector('#name').innerText === arguments[0]", name)


def test_a_call_is_sent_and_shown(console: Page) -> None:
    choose(console, "price")
    assert "<b>costs</b>" in console.text("#doc")
    console.fill("#target", "/price?item=tea")
    assert sent(console) == "200 OK"
    result = console.text("#result")
    assert '"price": 3' in result
    assert "asked" in result
    assert re.search(r"wait .* ms\s+load .* ms\s+call .* ms\s+send .* ms", result)
    assert "GET /price: 200 in" in console.text("#said")
    assert console.complaints() == []


def test_a_crash_shows_the_line(console: Page) -> None:
    choose(console, "price")
    console.fill("#target", "/price?item=cake")
    assert sent(console) == "500 Internal Server Error"
    assert console.text(".raised h3") == "KeyError: 'cake'"
    assert "PRICES[request.args" in console.text(".raised .here")


def test_a_form_says_what_is_wrong_where_it_is(console: Page) -> None:
    choose(console, "order")
    console.fill("[name=count]", "many")
    console.click("#send")
    console.until("document.activeElement.name === 'count'")
    assert console.run("return document.activeElement.getAttribute('aria-invalid')") == "true"
    console.fill("[name=count]", "12")
    assert sent(console) == "422 Unprocessable Entity"
    console.until("document.querySelector('[name=count][aria-invalid]')")
    assert "9" in console.run(
        "const id = document.querySelector('[name=count]').id;"
        "return document.getElementById(`${id}-wrong`).innerText"
    )
    console.fill("[name=count]", "")
    assert sent(console) == "200 OK"
    assert '"count": 1' in console.text("#result")


def test_form_and_json_are_two_views_of_one_body(console: Page) -> None:
    choose(console, "order")
    console.fill("[name=street]", "Strand")
    console.run("document.querySelectorAll('#body-part [role=tab]')[1].click()")
    found = console.run(f"return JSON.parse(document.querySelector('{AREA}').value)")
    assert found["address"] == {"street": "Strand"}
    console.fill(AREA, '{"item": "cake", "count": 3}')
    console.run("document.querySelectorAll('#body-part [role=tab]')[0].click()")
    assert console.run("return document.querySelector('[name=count]').value") == "3"


def test_a_sample_is_ready_and_its_fields_can_be_set(console: Page) -> None:
    choose(console, "on_storage")
    console.until("document.querySelector('#headers').value.includes('ce-type')")
    console.fill("#s-bucket", "mine")
    console.until("document.querySelector('#body-part textarea').value.includes('mine')")
    assert sent(console) == "200 OK"
    assert "google.cloud.storage.object.v1.finalized mine" in console.text("#result")


def test_calls_of_others_show_up_and_can_be_sent_again(
    console: Page, servers: dict[str, Served]
) -> None:
    servers["shop"].client.get("/price?item=tea&who=other")
    console.until("document.querySelector('#call-list').innerText.includes('who=other')")
    console.fill("#filter", "who=other 2xx")
    assert console.run("return document.querySelectorAll('#call-list li').length") == 1
    console.click("#call-list button")
    console.until("document.querySelector('#target').value === '/price?item=tea&who=other'")
    console.fill("#target", "/price?who=me")
    assert sent(console) == "200 OK"
    console.fill("#filter", "4xx")
    assert console.text("#no-calls") == "No call fits the filter."
    console.fill("#filter", "")


def test_a_call_that_reached_no_function_is_shown_as_nobodys(
    console: Page, servers: dict[str, Served]
) -> None:
    choose(console, "order")
    servers["shop"].client.get("/nowhere?who=lost")
    console.fill("#filter", "who=lost")
    console.until("document.querySelectorAll('#call-list li').length === 1")
    console.click("#call-list button")
    console.until("document.querySelector('#target').value === '/nowhere?who=lost'")
    assert console.text("#name") == "No function"
    assert not console.run(
        "return document.querySelectorAll('#function-list [aria-current=true]').length"
    )
    assert sent(console) == "404 Not Found"
    console.fill("#target", "/price")
    assert sent(console) == "200 OK"
    console.fill("#filter", "")
    choose(console, "price")


def test_what_is_sent_again_is_what_came(console: Page, servers: dict[str, Served]) -> None:
    client = servers["shop"].client
    digits = "12345678901234567890"
    client.post("/order", json={"item": "tea", "tags": ["large"]}, params={"which": "form"})
    client.post(
        "/price?which=digits",
        content=f'{{"id": {digits}, "rate": 1.50}}',
        headers={"content-type": "application/json"},
    )
    client.post("/price?which=bytes", content=bytes(range(256)))
    client.post("/price?which=long", content=b"x" * 100_000)
    for which, shown in (("digits", digits), ("digits", "1.50")):
        opened(console, which)
        assert shown in console.run(f"return document.querySelector('{AREA}').value")
    opened(console, "bytes")
    assert "256 B that are not text" in console.run(
        f"return document.querySelector('{AREA}').placeholder"
    )
    assert sent(console) == "200 OK"
    assert "AAECAwQF" in console.run("return document.querySelector('#result').textContent")
    opened(console, "long")
    assert "the rest is not sent" in console.text("#body-part [role=alert]")
    opened(console, "form")
    assert console.run("return document.querySelector('[name=tags]').value") == '[\n  "large"\n]'
    console.fill("[name=count]", digits)
    assert sent(console) == "422 Unprocessable Entity"
    assert digits in console.run("return document.querySelector('#result').textContent")


def opened(page: Page, which: str) -> None:
    """Open the call whose query names it."""
    page.fill("#filter", f"which={which}")
    page.until("document.querySelectorAll('#call-list li').length >= 1")
    page.run(
        "[...document.querySelectorAll('#call-list button')].pop().click();"
        "document.querySelector('#filter').value = '';"
    )
    page.until("document.querySelector('#target').value.includes(arguments[0])", f"which={which}")


def test_it_works_by_keyboard(console: Page) -> None:
    console.press("/", 191)
    console.until("document.activeElement.id === 'filter'")
    for target in ("/price?by=keys", "/price?by=arrows"):
        console.fill("#target", target)
        console.run("document.querySelector('#result').replaceChildren()")
        console.press("Enter", 13, control=True)
        console.until("document.querySelector('#result').innerText.includes('200 OK')")
    console.until("document.querySelectorAll('#call-list [data-call]').length > 1")
    # The list of calls is one stop of the tab key; arrows move inside of it.
    stops = "document.querySelectorAll('#call-list [tabindex=\"0\"]').length"
    assert console.run(f"return {stops}") == 1
    console.run("document.querySelector('#call-list [tabindex=\"0\"]').focus()")
    before = console.run("return document.activeElement.dataset.call")
    console.press("ArrowDown", 40)
    assert console.run("return document.activeElement.dataset.call") != before


NAMELESS = """
const told = (one) => (one.getAttribute("aria-labelledby") || "").split(" ")
  .map((id) => document.getElementById(id)?.innerText).join("");
const name = (one) => one.getAttribute("aria-label") || one.labels?.[0]?.textContent ||
  told(one) || one.innerText;
return [...document.querySelectorAll(
  "button, input, select, textarea, a, section, [role=img], [role=region], nav, aside")]
  .filter((one) => one.checkVisibility() && !name(one)).map((one) => one.outerHTML);
"""
WIDE_BY = "return document.documentElement.scrollWidth - innerWidth"
PAST_CARD = """
return [...document.querySelectorAll(".card *")].filter((one) => one.checkVisibility() &&
  !one.closest("pre, textarea, input") &&
  one.getBoundingClientRect().right > one.closest(".card").getBoundingClientRect().right + 1)
  .map((one) => one.outerHTML.slice(0, 80));
"""
CONTRAST = """
const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
const linear = (one) => (one <= .03928 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4);
const light = ([r, g, b]) =>
  .2126 * linear(r / 255) + .7152 * linear(g / 255) + .0722 * linear(b / 255);
const behind = (one) => {
  for (; one; one = one.parentElement) {
    const found = numbers(getComputedStyle(one).backgroundColor);
    if (found[3] !== 0) return found;
  }
  return [255, 255, 255];
};
const isText = (one) => one.checkVisibility() && !one.disabled &&
  [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
return [...document.querySelectorAll("body *")].filter(isText).map((one) => {
  const pair = [light(numbers(getComputedStyle(one).color)), light(behind(one))];
  pair.sort((a, b) => b - a);
  return [(pair[0] + .05) / (pair[1] + .05), one.outerHTML.slice(0, 90)];
}).filter(([found]) => found < 4.5);
"""


def check_looks(page: Page) -> None:
    """Names, contrast (WCAG 2.2, AA) and width, dark and light, wide and narrow."""
    for size in (WIDE, NARROW):
        for scheme in ("light", "dark"):
            page.look(size, scheme)
            assert page.run(NAMELESS) == []
            assert page.run(CONTRAST) == [], scheme
            assert page.run(WIDE_BY) <= 0
    headings = page.run(
        "return [...document.querySelectorAll('h1, h2, h3')].map((one) => one.tagName)"
    )
    assert headings.count("H1") == 1
    assert headings[0] == "H1"
    ids = page.run("return [...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))


def test_everything_has_a_name_and_can_be_read(console: Page) -> None:
    for name, target in (("price", "/price?item=cake"), ("order", "/order")):
        choose(console, name)
        console.fill("#target", target)
        sent(console)
        console.run("for (const one of document.querySelectorAll('details')) one.open = true")
        check_looks(console)
        console.look(WIDE)


@pytest.mark.parametrize("query", ["", "&crash"])
def test_a_long_word_makes_nothing_too_wide(console: Page, query: str) -> None:
    choose(console, LONG)
    console.fill("#target", f"/{LONG}/{LONG}?{LONG}=1{query}")
    sent(console)
    console.run("for (const one of document.querySelectorAll('details')) one.open = true")
    for size in (WIDE, NARROW):
        console.look(size)
        for view in ("functions", "request", "calls"):
            console.run("document.querySelector(arguments[0]).click()", f"[data-view={view}]")
            assert console.run(WIDE_BY) <= 0, view
            assert console.run(PAST_CARD) == []
    console.look(WIDE)


def test_a_narrow_window_shows_one_part_at_a_time(console: Page) -> None:
    console.look(NARROW)
    shown = (
        "return ['functions', 'request', 'calls']"
        ".filter((id) => document.getElementById(id).checkVisibility())"
    )
    assert console.run(shown) == ["request"]
    console.click(".views [data-view=calls]")
    assert console.run(shown) == ["calls"]


def test_a_restart_keeps_what_is_on_the_page(chromium: Page, tmp_path: Path) -> None:
    with served(tmp_path, SOURCE, "--debug") as (server, client):
        chromium.look(WIDE)
        chromium.open(f"{client.base_url}/_ff")
        chromium.until("document.querySelector('#function-list button')")
        chromium.fill("#target", "/price?item=cake")
        sent(chromium)
        repaired = SOURCE.replace('"tea": 3', '"cake": 5')
        (tmp_path / "main.py").write_text(repaired, encoding="utf-8")
        server.wait_for("Restarted in")
        chromium.until("document.querySelector('#said').innerText.includes('restarted')")
        assert chromium.run("return document.querySelector('#target').value") == "/price?item=cake"
        assert "KeyError" in chromium.text("#call-list")
        assert sent(chromium) == "200 OK"
        (tmp_path / "main.py").write_text("1 / 0\n", encoding="utf-8")
        chromium.until("document.querySelector('#fault').innerText.includes('ZeroDivisionError')")
        assert chromium.complaints() == []


def test_typed_functions_are_tried_on_their_page(
    chromium: Page, servers: dict[str, Served]
) -> None:
    chromium.look(WIDE)
    chromium.open(f"{servers['shop'].client.base_url}/docs")
    post = "document.querySelector('.try[data-method=post]')"
    chromium.until(f"{post}.querySelector('form')")
    assert "curl 'http://127.0.0.1" in chromium.text(".try[data-method=post] > pre")
    chromium.fill(".try[data-method=post] [name=count]", "12")
    assert '"count": 12' in chromium.text(".try[data-method=post] > pre")
    chromium.run(f"{post}.querySelector('button.main').click()")
    chromium.until(f"{post}.querySelector('[name=count]').getAttribute('aria-invalid') === 'true'")
    assert "422" in chromium.text(".try[data-method=post] .status")
    chromium.fill(".try[data-method=post] [name=count]", "2")
    chromium.run(f"{post}.querySelector('button.main').click()")
    chromium.until(f"{post}.innerText.includes('200 OK')")
    get = "document.querySelector('.try[data-method=get]')"
    chromium.fill(".try[data-method=get] [name=count]", "3")
    chromium.fill(".try[data-method=get] [name=tags]", '["a", "b"]')
    chromium.run(f"{get}.querySelector('button.main').click()")
    chromium.until(f"{get}.innerText.includes('200 OK')")
    assert "count=3&tags=a&tags=b" in chromium.text(".try[data-method=get] > pre")
    assert "default 1" in chromium.text(".try[data-method=get] form")
    # Below a proxy's path the functions are there as well.
    chromium.run("history.replaceState(null, '', '/prefix/docs')")
    chromium.fill(".try[data-method=post] [name=count]", "12345678901234567890")
    told = chromium.text(".try[data-method=post] > pre")
    assert "/prefix/order'" in told
    assert '"count": 12345678901234567890' in told
    check_looks(chromium)
    assert chromium.complaints() == []
