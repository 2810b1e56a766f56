/* The page of typed functions: adds to each operation a form that sends it. */

const described = JSON.parse($("#data").textContent);
const components = described.components?.schemas || {};

/** The URL of a path, below wherever this page is served. */
function urlOf(path, pairs) {
  const url = new URL(`.${path}`, location.href);
  url.search = new URLSearchParams(pairs).toString();
  return url.href;
}

/** The pairs of a query string: of a list one for each item. */
function pairsOf(value) {
  const text = (one) => (typeof one === "string" ? one : JSON.stringify(one));
  return Object.entries(value).flatMap(([name, one]) => (Array.isArray(one) ? one.map((item) => [name, text(item)]) : [[name, text(one)]]));
}

function tryOut(place) {
  const { path, method } = place.dataset;
  const operation = described.paths[path][method];
  const curl = el("pre", { class: "wrap", tabindex: "0", "aria-label": "The same by curl" });
  const result = el("div", { role: "region", "aria-label": "Response", hidden: true });
  const input = operation.requestBody ? bodyOf(operation, update) : queryOf(operation, update);
  const button = el("button", { class: "main", text: "Send" });

  function request() {
    const headers = operation.requestBody ? [["content-type", "application/json"]] : [];
    return { method: method.toUpperCase(), headers, ...input.request(path) };
  }

  function update() {
    try { curl.textContent = curlOf(request()); } catch { /* until the form is right */ }
  }

  async function send(event) {
    event.preventDefault();
    let made;
    input.form?.all().forEach((field) => field.mark(""));
    try { made = request(); } catch { $("[aria-invalid]", place)?.focus(); return; }
    button.disabled = true;
    const started = performance.now();
    try {
      const options = { method: made.method, headers: made.headers, body: made.body || undefined, cache: "no-store" };
      const response = await fetch(made.url, options);
      const text = await response.text();
      answered(response, text, performance.now() - started);
    } catch (error) {
      result.replaceChildren(el("p", { class: "bad", text: `No response: ${error.message}` }));
    }
    result.hidden = false;
    button.disabled = false;
  }

  function answered(response, text, ms) {
    const type = response.headers.get("content-type") || "";
    result.replaceChildren(
      el("p", { class: "row" }, el("span", { class: `status ${statusClass(response.status)}`, text: `${response.status} ${response.statusText}` }),
        el("span", { text: milliseconds(ms) }), el("span", { class: "dim", text: type })),
      text ? shown(text, type) : el("p", { class: "dim", text: "The body is empty." }));
    say(`${response.status} in ${milliseconds(ms)}`);
    if (/problem\+json/.test(type)) { try { markProblem(input, JSON.parse(text)); } catch { /* shown as it is */ } }
  }

  place.append(el("h3", { text: "Try it" }),
    el("form", { onsubmit: send, novalidate: true }, input.element, el("p", { class: "row" }, button, el("span", { class: "push" }, copyButton("Copy as curl", () => curl.textContent)))),
    curl, result);
  update();
}

function bodyOf(operation, change) {
  const { schema } = operation.requestBody.content["application/json"];
  const body = new Body(schema, components, change);
  body.set(JSON.stringify(exampleOf(schema, components), null, 2));
  return { element: body.element, form: body.form, all: () => body.form?.all() || [], request: (path) => ({ url: urlOf(path, []), body: body.text() }) };
}

function queryOf(operation, change) {
  // What is an object has no form in a query string, but for the whole input.
  const parameters = operation.parameters.filter((one) => one.explode || !plain(one.schema, components).properties);
  const schema = {
    properties: Object.fromEntries(parameters.map((one) => [one.name, one.schema])),
    required: parameters.filter((one) => one.required).map((one) => one.name),
  };
  const form = new Fields(schema, { components, pointer: "", change });
  form.write(exampleOf({ type: "object", ...schema }, components));
  const isWhole = (name) => parameters.some((one) => one.name === name && one.explode && plain(one.schema, components).type !== "array");
  const spread = (value) => Object.fromEntries(Object.entries(value).flatMap(([name, one]) => (isWhole(name) && one && typeof one === "object" && !JSON.isRawJSON?.(one) ? Object.entries(one) : [[name, one]])));
  return { element: form.element, form, all: () => form.all(), request: (path) => ({ url: urlOf(path, pairsOf(spread(form.read()))), body: "" }) };
}

for (const place of document.querySelectorAll(".try")) tryOut(place);
