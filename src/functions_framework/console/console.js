/* What the console knows comes as server-sent events; what it sends goes to the functions themselves. */

const MOST = 200;
const BASE = "/_ff";
const state = { functions: [], components: {}, samples: new Map(), calls: new Map(), token: "", worker: "" };
const drafts = new Map();
let chosen = null; // the function the composer is for
let opened = null; // the id of the call that is shown
let awaited = null; // the execution id of what was sent last
let body = null; // of the request
let sampleFields = new Map();

const parts = Object.fromEntries([...document.querySelectorAll("[id]")].map((one) => [one.id, one]));

const NO_CALLS = parts["no-calls"].textContent;

/* What the server tells */

let source = null;
let silence = 0;

function listen() {
  source?.close();
  source = new EventSource(`${BASE}/events`);
  source.addEventListener("open", () => { clearTimeout(silence); live(true); });
  source.addEventListener("state", (event) => take(JSON.parse(event.data)));
  source.addEventListener("calls", (event) => { JSON.parse(event.data).forEach(keep); listCalls(); });
  source.addEventListener("error", () => {
    clearTimeout(silence);
    silence = setTimeout(() => live(false), 1200); // a server with few places ends each stream itself
    if (source.readyState === EventSource.CLOSED && !document.hidden) setTimeout(listen, 1000);
  });
}

function live(isOn) {
  const text = isOn ? "Live" : "Waiting for the server";
  if (parts.live.textContent !== text) parts.live.textContent = text;
  parts.live.classList.toggle("on", isOn);
}

function take(told) {
  const isOther = state.worker && state.worker !== told.worker;
  Object.assign(state, told, { samples: new Map(told.samples.map((one) => [one.name, one])) });
  if (isOther) for (const call of state.calls.values()) call.isOfEarlier = true;
  showFault();
  showLoad();
  listFunctions();
  if (!isOther && chosen) return; // the page was hidden, and listens again
  const same = state.functions.find(({ name }) => name === chosen?.name) || (chosen ? null : state.functions[0]);
  if (same) choose(same, isOther && chosen ? draft() : null);
  if (isOther) say("The server has restarted.");
}

function keep(call) {
  const known = state.calls.get(call.id);
  if (known?.request.body.text !== undefined && call.partial && !known.partial) {
    call.request = known.request;
    call.response = known.response;
  }
  state.calls.set(call.id, call);
  while (state.calls.size > MOST) state.calls.delete(state.calls.keys().next().value);
  if (awaited && call.execution === awaited && call.state !== "running") {
    open(call, false);
    if (call.status) say(`${call.method} ${call.path}: ${call.status} in ${milliseconds(call.ms)}`);
    awaited = null;
  } else if (call.id === opened) show(call);
}

async function ask(name, given) {
  const response = await fetch(`${BASE}/${name}`, {
    method: "POST", body: JSON.stringify(given), headers: { "x-console-token": state.token, "content-type": "application/json" },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text.trim());
  return JSON.parse(text);
}

function showFault() {
  parts.fault.hidden = !state.fault;
  parts.fault.replaceChildren();
  if (state.fault) parts.fault.append(el("h2", { class: "bad", text: "The source could not be loaded" }),
    el("pre", { class: "wrap", tabindex: "0", text: state.fault }));
}

function showLoad() {
  const { milliseconds: total, imports } = state.load;
  const rows = Object.entries(imports).slice(0, 8);
  parts.load.hidden = false;
  parts["load-total"].textContent = `${Math.round(total)} ms in all${rows.length ? ", of them by imports:" : ""}`;
  const most = Math.max(...rows.map(([, ms]) => ms), 1);
  parts["load-bars"].replaceChildren(...rows.map(([name, ms]) => {
    const bar = el("i", { "aria-hidden": "true" });
    bar.style.width = `${(ms / most) * 100}%`;
    return el("li", {}, el("div", {}, el("span", { class: "mono", text: name }), el("span", { text: milliseconds(ms) })), bar);
  }));
}

function listFunctions() {
  parts["function-list"].replaceChildren(...state.functions.map((one) => el("li", {},
    el("button", { type: "button", onclick: () => { choose(one); view("request"); }, "data-name": one.name },
      el("b", { text: one.name }),
      el("span", { text: `${one.async ? "async " : ""}${one.signature} · ${one.path}` }),
      el("span", { text: one.line ? `${one.shown}:${one.line}` : one.shown })))));
  markChosen();
}

function markChosen() {
  for (const button of parts["function-list"].querySelectorAll("button")) {
    button.setAttribute("aria-current", String(button.dataset.name === chosen?.name));
  }
}

/* The composer */

function draft() {
  return { method: parts.method.value, target: parts.target.value, headers: parts.headers.value, body: body.draft(), sample: parts.sample.value, form: parts.form.value };
}

function choose(one, given = null) {
  if (chosen && !given) drafts.set(chosen.name, draft());
  chosen = one;
  markChosen();
  parts.name.textContent = one.name;
  parts.badges.replaceChildren(...[one.signature, one.async ? "async" : null].filter(Boolean).map((text) => el("span", { class: "badge", text })));
  parts.place.textContent = one.line ? `${one.shown}:${one.line}` : one.shown;
  parts.place.title = one.file;
  parts.doc.textContent = one.doc;
  parts.doc.hidden = !one.doc;
  parts.source.hidden = !one.source;
  $("pre", parts.source).textContent = one.source;
  makeBody(one.operation?.requestBody.content["application/json"].schema);
  offerSamples(one);
  const left = given || drafts.get(one.name);
  if (left) fill(left);
  else start(one);
}

/** What a function is first shown with: something that can be sent as it is. */
function start(one) {
  const { schema } = one.operation?.requestBody.content["application/json"] || {};
  const isEvent = ["event", "cloudevent"].includes(one.signature);
  const text = schema ? JSON.stringify(exampleOf(schema, state.components), null, 2) : "";
  const isTyped = one.signature === "typed";
  fill({ method: isTyped || isEvent ? "POST" : "GET", target: one.path, headers: isTyped ? "content-type: application/json" : "", body: text });
  if (one.sample) { parts.sample.value = one.sample; sampleChosen(); }
}

function fill({ method, target, headers, body: text, sample, form: sentAs }) {
  parts.method.value = method;
  if (parts.method.value !== method) { parts.method.append(el("option", { text: method })); parts.method.value = method; }
  parts.target.value = target;
  parts.headers.value = headers;
  if (sample) { parts.sample.value = sample; offerForms(sentAs); }
  body.set(text);
  body.binary = null;
  body.area.placeholder = "";
  changed();
}

function makeBody(schema) {
  body = new Body(schema, state.components, changed);
  parts["body-part"].replaceChildren(body.element);
}

function headerPairs() {
  return parts.headers.value.split("\n").map((line) => line.match(/^\s*([^:\s]+)\s*:\s*(.*?)\s*$/)).filter(Boolean).map(([, name, value]) => [name, value]);
}

const hasBody = () => !["GET", "HEAD"].includes(parts.method.value);

function changed() {
  parts["header-count"].textContent = headerPairs().length || "";
  parts["body-part"].hidden = !hasBody();
  body.wrong.textContent = "";
  if (hasBody() && !body.isForm && isJson(headerOf(headerPairs(), "content-type")) && body.area.value.trim()) {
    try { JSON.parse(body.area.value); } catch (error) { body.wrong.textContent = `Not JSON: ${error.message}`; }
  }
}

/* Samples */

function offerSamples(one) {
  const names = Object.keys(one.samples || {});
  parts.sampler.hidden = !names.length;
  parts["sample-label"].textContent = one.signature === "http" ? "Webhook" : "Sample";
  const none = one.signature === "http" ? [el("option", { value: "", text: "none" })] : [];
  parts.sample.replaceChildren(...none, ...names.map((name) => el("option", { value: name, text: `${name}: ${state.samples.get(name).title}` })));
  parts.sample.value = one.sample || (none.length ? "" : names[0]);
  offerForms();
}

function offerForms(wanted) {
  const sample = state.samples.get(parts.sample.value);
  const fitting = chosen?.samples?.[parts.sample.value];
  const forms = chosen?.signature === "http" ? [fitting] : sample?.forms || [];
  parts.form.replaceChildren(...forms.filter(Boolean).map((name) => el("option", { text: name })));
  parts.form.value = wanted || fitting || "";
  parts["sent-as"].hidden = forms.length < 2;
  sampleFields = new Map();
  parts["sample-fields"].hidden = !sample;
  $(".fields", parts["sample-fields"]).replaceChildren(...(sample?.fields || []).map((field) => {
    const id = `s-${field.name}`;
    const text = typeof field.default === "object" ? field.default && JSON.stringify(field.default) : field.default;
    const control = field.choices.length
      ? el("select", { id, onchange: makeSample }, el("option", { value: "", text: `default: ${text}` }), field.choices.map((value) => el("option", { text: value })))
      : el("input", { id, placeholder: text ?? "", oninput: soon, spellcheck: "false", autocomplete: "off" });
    sampleFields.set(field.name, control);
    return el("div", { class: "field" }, el("label", { for: id, text: field.name }), control, el("p", { class: "hint", text: field.description }));
  }));
}

function sampleChosen() { offerForms(); makeSample(); }

let timer = 0;
function soon() { clearTimeout(timer); timer = setTimeout(makeSample, 250); }

async function makeSample() {
  const name = parts.sample.value;
  if (!name) return;
  const given = [...sampleFields].map(([field, control]) => [field, control.value]).filter(([, value]) => value !== "");
  const wanted = chosen;
  try {
    const made = await ask("sample", { name, form: parts.form.value, fields: Object.fromEntries(given) });
    if (chosen !== wanted || parts.sample.value !== name) return;
    parts.method.value = made.method;
    parts.headers.value = made.headers.map((pair) => pair.join(": ")).join("\n");
    body.set(made.body);
    changed();
  } catch (error) { body.wrong.textContent = error.message; }
}

/* Sending */

function request() {
  const headers = headerPairs();
  return { method: parts.method.value, url: new URL(parts.target.value || "/", location.origin).href, headers, body: hasBody() ? body.text() : "" };
}

async function send() {
  let made;
  try {
    made = request();
    if (new URL(made.url).origin !== location.origin) throw new Error("Give a path of this server, such as /hello.");
    if (hasBody() && !made.body && body.binary) made.body = body.binary;
    if (made.body.length && !headerOf(made.headers, "content-type")) made.headers.push(["content-type", "text/plain"]);
    body.form?.all().forEach((field) => field.mark(""));
  } catch (error) {
    const wrong = $("[aria-invalid]", body.element);
    if (wrong) wrong.focus(); else body.wrong.textContent = error.message;
    return;
  }
  const id = Array.from(crypto.getRandomValues(new Uint8Array(6)), (one) => one.toString(16).padStart(2, "0")).join("");
  awaited = id;
  parts.send.disabled = true;
  try {
    const headers = [...made.headers.filter(([name]) => name.toLowerCase() !== "function-execution-id"), ["function-execution-id", id]];
    const response = await fetch(made.url, { method: made.method, headers, body: made.body || undefined, redirect: "manual", cache: "no-store" });
    await response.arrayBuffer().catch(() => null);
  } catch (error) {
    if (awaited === id) setTimeout(() => { if (awaited === id) notSent(error); }, 600);
  } finally {
    parts.send.disabled = false;
  }
}

function notSent(error) {
  awaited = null;
  parts.result.replaceChildren(el("p", { class: "bad", text: `The browser could not send this, or got no response: ${error.message}` }));
  say("Not sent.");
}

/* Calls */

function fits(call, words) {
  const text = `${call.method} ${call.path}?${call.query} ${call.function || ""} ${call.status || call.state}`.toLowerCase();
  return words.every((word) => (/^[1-5]xx$/.test(word) ? String(call.status)[0] === word[0] : text.includes(word)));
}

function listCalls() {
  const words = parts.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [...state.calls.values()].filter((call) => fits(call, words)).reverse();
  parts.count.textContent = state.calls.size;
  parts["no-calls"].hidden = found.length > 0;
  parts["no-calls"].textContent = state.calls.size ? "No call fits the filter." : NO_CALLS;
  const focused = document.activeElement?.dataset?.call;
  parts["call-list"].replaceChildren(...found.map((call) => el("li", {}, el("button", {
    type: "button", "data-call": call.id, tabindex: "-1", "aria-current": String(call.id === opened), onclick: () => { open(call, true); view("request"); },
  },
  el("span", { class: `status ${call.status ? statusClass(call.status) : call.state === "running" ? "dim" : "bad"}`, text: call.status || (call.state === "running" ? "···" : "—") }),
  el("span", { class: "mono", text: `${call.method} ${call.path}${call.query ? `?${call.query}` : ""}` }),
  el("span", { class: "dim took", text: call.state === "running" ? "" : milliseconds(call.ms) }),
  el("span", { class: "dim sub", text: `${new Date(call.time * 1000).toLocaleTimeString([], { hour12: false })}${call.function ? ` · ${call.function}` : ""}${call.fault ? ` · ${call.fault.type}` : ""}` })))));
  const buttons = [...parts["call-list"].querySelectorAll("button")];
  const current = buttons.find((one) => one.dataset.call === (focused || opened)) || buttons[0];
  if (current) current.tabIndex = 0;
  if (focused) current?.focus({ preventScroll: true });
}

async function whole(call) {
  if (!call.partial) return call;
  const response = await fetch(`${BASE}/calls/${encodeURIComponent(call.id)}`);
  if (!response.ok) return call;
  const found = await response.json();
  state.calls.set(call.id, found);
  return found;
}

async function open(given, isEdited) {
  opened = given.id;
  const call = await whole(given);
  if (opened !== call.id) return;
  if (isEdited) edit(call);
  show(call);
  listCalls();
}

const NOT_EDITED = /^(host|connection|content-length|origin|referer|user-agent|accept-encoding|accept-language|cookie|function-execution-id|sec-.*|cache-control|pragma)$/;

/** What the composer is for where a call reached none. */
const NOBODY = { name: "No function", shown: "has this path", file: "", path: "/" };

function edit(call) {
  const known = state.functions.find(({ name }) => name === call.function);
  const owner = known || (call.function || call.state === "running" ? null : NOBODY);
  const headers = call.request.headers.filter(([name]) => !NOT_EDITED.test(name)).map((pair) => pair.join(": ")).join("\n");
  const { text, base64, size, truncated } = call.request.body;
  const lines = text && isJson(headerOf(call.request.headers, "content-type")) ? pretty(text) : null;
  const given = { method: call.method, target: encodeURI(call.path) + (call.query ? `?${call.query}` : ""), headers, body: lines ?? text ?? "" };
  if (owner && owner !== chosen) choose(owner, given);
  else fill(given);
  if (base64) {
    body.binary = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
    body.tabs?.set("JSON");
    body.area.placeholder = `${bytes(size)} that are not text, sent as they came. Type to send something else.`;
  }
  if (truncated) body.wrong.textContent = `The first ${bytes(65536)} of ${bytes(size)} are kept: the rest is not sent.`;
}

/* One call */

function show(call) {
  const result = parts.result;
  const old = [...result.querySelectorAll("details[open]")].map((one) => one.dataset.part);
  const isOld = result.dataset.call === call.id;
  result.dataset.call = call.id;
  const head = el("div", { class: "row head" },
    el("span", { class: `status ${statusClass(call.status)}`, text: call.status ? call.status_line : call.state === "running" ? "running" : "no response" }),
    call.state === "running" ? null : el("span", { text: milliseconds(call.ms) }),
    call.response ? el("span", { class: "dim", text: bytes(call.response.body.size) }) : null,
    call.state === "broken" ? el("span", { class: "bad", text: "broke off" }) : null,
    el("code", { class: "push dim small", text: `${call.method} ${call.path}` }));
  result.replaceChildren(head, fall(call), ...raised(call), ...sections(call, isOld ? old : null), saving(call));
  if (call.status === 422 && call.function === chosen?.name) body.mark(call.response?.body.text || "");
}

const PHASES = { wait: "waited for a place", load: "request read and decoded", call: "the function's own code", send: "response made and sent" };

function fall(call) {
  const phases = Object.entries(call.phases);
  const words = phases.map(([name, ms]) => `${name} ${milliseconds(ms)}`).join(", ");
  const bars = phases.map(([name, ms]) => {
    const bar = el("i", { class: name });
    bar.style.flexGrow = String(Math.max(ms, 0.001));
    return bar;
  });
  return el("div", {}, el("div", { class: "fall", role: "img", "aria-label": `Time: ${words}` }, bars),
    el("ul", { class: "keys" }, phases.map(([name, ms]) => el("li", { class: name, title: PHASES[name] }, `${name} `, el("span", { class: "dim", text: milliseconds(ms) })))));
}

function raised(call) {
  const { fault } = call;
  if (!fault) return [];
  return [el("div", { class: "raised" },
    el("h3", { class: "bad", text: fault.message ? `${fault.type}: ${fault.message}` : fault.type }),
    el("ol", {}, fault.frames.filter((frame) => frame.code.length).map((frame) => el("li", {},
      el("span", { class: "mono" }, `${frame.file.split("/").slice(-2).join("/")}:${frame.line} `, el("span", { class: "dim", text: `in ${frame.function}` })),
      el("pre", { tabindex: "0" }, frame.code.map(([number, text]) => el("span", { class: number === frame.line ? "here" : null }, el("i", { text: number }), text)))))),
    el("details", {}, el("summary", { text: "Whole traceback" }), el("pre", { class: "wrap", tabindex: "0", text: fault.text }), copyButton("Copy traceback", () => fault.text)))];
}

function sections(call, wasOpen) {
  const part = (name, isOpen, note, ...content) => el("details", { "data-part": name, open: wasOpen ? wasOpen.includes(name) : isOpen },
    el("summary", {}, `${name} `, el("span", { class: "dim", text: note })), content);
  const { lines, response } = call;
  const found = [];
  if (response) found.push(part("Body", !call.fault, headerOf(response.headers, "content-type") || "", bodyView(response)));
  const more = call.dropped ? `${lines.length} of ${lines.length + call.dropped}` : lines.length || "none";
  found.push(part("Logs", lines.length > 0, more, logView(lines)));
  if (response) found.push(part("Response headers", false, response.headers.length, pairs(response.headers)));
  found.push(part("Request", false, bytes(call.request.body.size), pairs(call.request.headers), call.request.body.size ? bodyView(call.request) : null));
  return found;
}

function bodyView({ headers, body }) {
  const type = headerOf(headers, "content-type");
  if (!body.size) return el("p", { class: "dim", text: "Empty." });
  const note = body.truncated ? el("p", { class: "warn small", text: `The first ${bytes(65536)} of ${bytes(body.size)} are kept.` }) : null;
  if (body.base64) return el("div", {}, el("p", { class: "dim", text: `${bytes(body.size)} that are not text, as base64:` }), el("pre", { class: "wrap", tabindex: "0", text: body.base64.slice(0, 4000) }), note);
  return el("div", {}, shown(body.text || "", type), note, body.text ? copyButton("Copy body", () => body.text) : null);
}

function logView(lines) {
  if (!lines.length) return el("p", { class: "dim small", text: "Nothing was logged or printed." });
  const colours = { warning: "warn", error: "bad", critical: "bad", stderr: "warn" };
  return el("ol", { class: "lines" }, lines.map(([, level, origin, text]) => el("li", {},
    el("span", { class: `small ${colours[level] || "dim"}`, text: level }),
    el("div", {}, el("div", { class: "text", text }), origin ? el("div", { class: "dim", text: origin }) : null))));
}

function pairs(list) {
  return el("table", { class: "pairs" }, el("tbody", {}, list.map(([name, value]) => el("tr", {}, el("th", { scope: "row", text: name }), el("td", { text: value })))));
}

function saving(call) {
  const told = el("div", { class: "small", role: "status" });
  const save = (name, label) => el("button", { type: "button", class: "small", text: label, onclick: async () => {
    try {
      const { file, text } = await ask(name, { id: call.id });
      const run = name === "test" ? `pytest ${file}` : `functions-framework replay ${file}`;
      told.replaceChildren(el("p", {}, "Saved ", el("code", { text: file })), el("details", {}, el("summary", { text: "Show" }), el("pre", { class: "wrap", tabindex: "0", text })), copyButton(`Copy: ${name === "test" ? "pytest" : "replay"} command`, () => run));
    } catch (error) { told.replaceChildren(el("p", { class: "bad", text: error.message })); }
  } });
  if (call.isOfEarlier) return el("p", { class: "dim small", text: "From before the restart. Send it again to save it." });
  return el("div", {}, el("div", { class: "row" }, save("recording", "Save as recording"), save("test", "Save as test")), told);
}

/* The page */

function view(name) {
  $(".shell").dataset.shown = name;
  for (const button of document.querySelectorAll(".views button")) button.setAttribute("aria-pressed", String(button.dataset.view === name));
  if (matchMedia("(max-width: 46rem)").matches) scrollTo(0, 0);
}

parts.composer.addEventListener("submit", (event) => { event.preventDefault(); send(); });
parts.composer.addEventListener("input", changed);
parts.sample.addEventListener("change", sampleChosen);
parts.form.addEventListener("change", makeSample);
parts.method.addEventListener("change", changed);
parts.curl.append(copyButton("Copy as curl", () => curlOf(request())));
parts.filter.addEventListener("input", listCalls);
parts.clear.addEventListener("click", async () => {
  await ask("clear", {}).catch(() => null);
  state.calls.clear();
  listCalls();
  say("Cleared.");
});
for (const button of document.querySelectorAll(".views button")) button.addEventListener("click", () => view(button.dataset.view));
parts["call-list"].addEventListener("keydown", (event) => {
  const buttons = [...parts["call-list"].querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (to === undefined || !buttons[to]) return;
  event.preventDefault();
  buttons[at].tabIndex = -1;
  buttons[to].tabIndex = 0;
  buttons[to].focus();
});
makeBody();
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); send(); }
  const isTyping = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName);
  if (event.key === "/" && !isTyping) { event.preventDefault(); view("calls"); parts.filter.focus(); }
});
// A browser has six connections to a server: a page that nobody sees leaves its own to others.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && source.readyState === EventSource.CLOSED) listen();
  if (document.hidden) source.close();
});
listen();
