"use strict";
/* What the console and the page of typed functions share: elements, forms of a JSON schema, bodies.
   Text gets onto a page as text only: nothing here writes HTML. */

const $ = (selector, root = document) => root.querySelector(selector);
let count = 0;

/** An element: `on...` are listeners, `class`, `text` and the rest what they are in HTML. */
function el(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "text") made.textContent = value;
    else if (name === "value") made.value = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** A message for who does not see the page change. */
function say(text) { $("#said").textContent = text; }

function copyButton(label, text) {
  const button = el("button", { type: "button", class: "plain", text: label });
  button.addEventListener("click", async () => {
    await copy(text());
    button.textContent = "Copied";
    say("Copied.");
    setTimeout(() => { button.textContent = label; }, 1500);
  });
  return button;
}

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).catch(() => copyOld(text));
  return copyOld(text);
}

function copyOld(text) { // a page that came over plain HTTP has no clipboard of its own
  const area = el("textarea", { class: "hidden", value: text });
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

/* Bodies */

const isJson = (type) => /[/+]json\b/i.test(type || "");
const headerOf = (headers, name) => (headers.find(([key]) => key.toLowerCase() === name) || [])[1];

function bytes(size) {
  if (size < 1024) return `${size} B`;
  return size < 1 << 20 ? `${(size / 1024).toFixed(1)} KB` : `${(size / (1 << 20)).toFixed(1)} MB`;
}

function milliseconds(ms) {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 10000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** The value of a JSON text. Numbers keep their digits where the browser can do that: JavaScript's have 16. */
const parsed = (text) => JSON.parse(text, (_, value, context) =>
  (typeof value === "number" && context?.source && JSON.rawJSON ? JSON.rawJSON(context.source) : value));

/** A JSON text indented; as it is where that would change a number, null for any other text. */
function pretty(text) {
  let value;
  try { value = parsed(text); } catch { return null; }
  const isExact = JSON.rawJSON || !/\d{16}|\d[eE.]/.test(text.replace(/"(?:[^"\\]|\\.)*"/g, ""));
  return isExact ? JSON.stringify(value, null, 2) : text;
}

/** JSON as lines in colours, other text as it is. */
function shown(text, type) {
  const made = el("pre", { class: "wrap", tabindex: "0" });
  const isShort = text.length < 200000;
  const lines = isShort && (isJson(type) || /^\s*[[{]/.test(text)) ? pretty(text) : null;
  if (lines === null) made.textContent = isShort ? text : `${text.slice(0, 200000)}\n… ${bytes(text.length)} in all`;
  else colour(made, lines);
  return made;
}

function colour(made, text) {
  const parts = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null|-?\d[\d.eE+-]*)\b/g;
  let end = 0;
  for (const found of text.matchAll(parts)) {
    made.append(text.slice(end, found.index));
    const kind = found[3] ? "other" : found[2] ? "key" : "text";
    made.append(el("span", { class: `json-${kind}`, text: found[1] || found[3] }), found[2] || "");
    end = found.index + found[0].length;
  }
  made.append(text.slice(end));
}

/** The curl command of a request, as a shell reads it. */
function curlOf({ method, url, headers, body }) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const parts = [`curl ${quoted(url)}`];
  if (method !== (body ? "POST" : "GET")) parts[0] = `curl -X ${method} ${quoted(url)}`;
  for (const [name, value] of headers) parts.push(`-H ${quoted(`${name}: ${value}`)}`);
  if (body) parts.push(`--data-raw ${quoted(body)}`);
  return parts.join(" \\\n  ");
}

function statusClass(status) {
  if (!status || status >= 500) return "bad";
  return status >= 400 ? "warn" : status >= 300 ? "" : "good";
}

/* Schemas */

/** A schema without its reference and without null among its alternatives. */
function plain(schema, components, depth = 0) {
  if (!schema || typeof schema !== "object" || depth > 20) return {};
  if (schema.$ref) {
    const { $ref, ...beside } = schema;
    return { ...plain(components[$ref.split("/").pop()], components, depth + 1), ...beside };
  }
  const choices = schema.anyOf || schema.oneOf || (schema.allOf?.length === 1 && schema.allOf);
  if (choices) {
    const left = choices.filter((one) => one.type !== "null");
    if (left.length === 1) {
      const { anyOf, oneOf, allOf, ...beside } = schema;
      return { ...plain(left[0], components, depth + 1), ...beside };
    }
  }
  if (Array.isArray(schema.type)) {
    const left = schema.type.filter((one) => one !== "null");
    // A decimal may be text or a number: text holds both.
    return { ...schema, type: left.includes("string") ? "string" : left.length === 1 ? left[0] : undefined };
  }
  return schema;
}

const BY_FORMAT = {
  date: "2026-01-31", "date-time": "2026-01-31T12:00:00Z", time: "12:00:00", duration: "PT1H",
  email: "ada@example.com", uuid: "123e4567-e89b-12d3-a456-426614174000", uri: "https://example.com/",
};

/** A value that fits a schema: one of its examples, else its default, else made up. */
function exampleOf(given, components, depth = 0) {
  const schema = plain(given, components);
  if (schema.examples?.length) return schema.examples[0];
  for (const name of ["example", "default", "const"]) if (schema[name] !== undefined) return schema[name];
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf || schema.oneOf) return exampleOf((schema.anyOf || schema.oneOf)[0], components, depth + 1);
  if (schema.type === "object" || schema.properties) {
    const names = depth > 4 ? [] : schema.required || [];
    return Object.fromEntries(names.map((name) => [name, exampleOf(schema.properties?.[name], components, depth + 1)]));
  }
  if (schema.type === "array") {
    const least = schema.minItems || (depth < 2 ? 1 : 0);
    const item = schema.items || schema.prefixItems?.[0];
    return item && depth < 5 ? Array.from({ length: least }, () => exampleOf(item, components, depth + 1)) : [];
  }
  if (schema.type === "integer" || schema.type === "number") return numberOf(schema);
  if (schema.type === "boolean") return true;
  if (schema.type === "null") return null;
  const text = BY_FORMAT[schema.format] || "text";
  return text.padEnd(schema.minLength || 0, "x").slice(0, schema.maxLength ?? Infinity);
}

function numberOf(schema) {
  const above = schema.minimum ?? (schema.exclusiveMinimum !== undefined ? schema.exclusiveMinimum + 1 : undefined);
  const below = schema.maximum ?? (schema.exclusiveMaximum !== undefined ? schema.exclusiveMaximum - 1 : undefined);
  const found = above ?? Math.min(1, below ?? 1);
  const step = schema.multipleOf;
  return step ? Math.ceil(found / step) * step : found;
}

/** What a schema says of a value, in a few words. */
function wordsOf(schema) {
  const words = [schema.format || (schema.enum ? "one of" : schema.type) || "JSON"];
  if (schema.type === "array") words[0] = "list";
  const most = schema.maximum ?? schema.exclusiveMaximum;
  const least = schema.minimum ?? schema.exclusiveMinimum;
  if (least !== undefined) words.push(`${schema.minimum === undefined ? ">" : "≥"} ${least}`);
  if (most !== undefined) words.push(`${schema.maximum === undefined ? "<" : "≤"} ${most}`);
  if (schema.minLength) words.push(`${schema.minLength}+ characters`);
  if (schema.maxLength !== undefined) words.push(`at most ${schema.maxLength} characters`);
  return words.join(", ");
}

/* Forms */

/** One value of a form. `read` gives undefined for one that is not sent, and throws what is wrong. */
class Field {
  constructor(name, given, { components, isRequired, pointer, change }) {
    this.pointer = pointer;
    this.schema = plain(given, components);
    this.isRequired = isRequired;
    const { type } = this.schema;
    this.kind = this.schema.enum ? "enum" : ["string", "integer", "number", "boolean"].includes(type) ? type : "json";
    const id = `f${++count}`;
    this.control = this.made(id);
    this.control.id = id;
    this.control.name = name;
    this.control.setAttribute("aria-describedby", `${id}-hint ${id}-wrong`);
    if (isRequired) this.control.setAttribute("aria-required", "true");
    this.control.addEventListener("input", () => { this.mark(""); change(); });
    this.wrong = el("p", { class: "wrong", id: `${id}-wrong` });
    const isDefaulted = this.schema.default !== undefined;
    const note = isRequired ? "required" : isDefaulted ? `default ${JSON.stringify(this.schema.default)}` : "optional";
    const hint = this.schema.description || "";
    this.element = el("div", { class: this.kind === "json" ? "field wide" : "field" },
      el("label", { for: id }, el("span", { text: name }),
        el("span", { class: "dim", text: `${wordsOf(this.schema)} · ${note}` })),
      this.control, this.wrong, el("p", { class: "hint", id: `${id}-hint`, text: hint, hidden: !hint }));
  }

  made() {
    const { schema } = this;
    if (this.kind === "enum" || this.kind === "boolean") {
      const values = schema.enum || [true, false];
      const none = schema.default === undefined ? "not sent" : `default: ${JSON.stringify(schema.default)}`;
      return el("select", {}, this.isRequired ? null : el("option", { value: "", text: none }),
        values.map((value) => el("option", { value: JSON.stringify(value), text: String(value) })));
    }
    const placeholder = (schema.default ?? null) === null ? "" : String(JSON.stringify(schema.default)).replace(/^"|"$/g, "");
    if (this.kind === "json") return el("textarea", { rows: "2", spellcheck: "false", placeholder });
    const isNumber = this.kind !== "string";
    return el("input", {
      type: schema.writeOnly ? "password" : "text", placeholder, autocomplete: "off", spellcheck: "false",
      inputmode: isNumber ? (this.kind === "integer" ? "numeric" : "decimal") : null,
    });
  }

  read() {
    const text = this.control.value;
    if (text === "" && !(this.isRequired && this.kind === "string")) return undefined;
    if (this.kind === "string") return text;
    if (this.kind === "integer" || this.kind === "number") {
      if (!/^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i.test(text.trim())) throw this.fault("A number is expected.");
      return JSON.rawJSON ? JSON.rawJSON(text.trim()) : Number(text);
    }
    try { return parsed(text); } catch { throw this.fault("JSON is expected."); }
  }

  fault(text) { this.mark(text); return new Error(text); }

  write(value) {
    this.mark("");
    if (value === undefined) this.control.value = "";
    else if (this.kind === "string" && typeof value === "string") this.control.value = value;
    else if (["integer", "number"].includes(this.kind)) this.control.value = JSON.stringify(value);
    else this.control.value = JSON.stringify(value, null, this.kind === "json" ? 2 : 0);
  }

  mark(text) {
    this.wrong.textContent = text;
    if (text) this.control.setAttribute("aria-invalid", "true"); else this.control.removeAttribute("aria-invalid");
  }

  all() { return [this]; }
}

/** The properties of an object, objects inside of it as well. */
class Fields {
  constructor(schema, options) {
    const required = schema.required || [];
    this.fields = Object.entries(schema.properties || {}).map(([name, given]) => {
      const inner = plain(given, options.components);
      const own = { ...options, isRequired: required.includes(name), pointer: `${options.pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}` };
      const isObject = inner.properties && options.pointer.split("/").length < 4;
      return [name, isObject ? new Group(name, inner, own) : new Field(name, given, own)];
    });
    this.element = el("div", { class: "fields" }, this.fields.map(([, field]) => field.element));
  }

  read() {
    const found = this.fields.map(([name, field]) => [name, field.read()]);
    return Object.fromEntries(found.filter(([, value]) => value !== undefined));
  }

  write(value) { for (const [name, field] of this.fields) field.write(value?.[name]); }

  all() { return this.fields.flatMap(([, field]) => field.all()); }
}

class Group extends Fields {
  constructor(name, schema, options) {
    super(schema, options);
    this.isRequired = options.isRequired;
    const note = options.isRequired ? "required" : "optional";
    this.element = el("fieldset", {}, el("legend", {}, name, el("span", { class: "dim", text: ` ${note}` })), this.element);
  }

  read() {
    const isLeftOut = !this.isRequired && this.all().every((field) => field.control.value === "");
    return isLeftOut ? undefined : super.read();
  }
}

/** Whether a schema has a form, rather than one text of JSON. */
const hasForm = (schema, components) => Boolean(plain(schema, components).properties);

/** Puts what a problem document (RFC 9457) says to the fields it is about; the rest is returned. */
function markProblem(form, problem) {
  const errors = Array.isArray(problem?.errors) ? problem.errors : [];
  const all = form.all();
  let first = null;
  const left = errors.filter(({ pointer, parameter, detail }) => {
    const field = all.find((one) => (pointer !== undefined && one.pointer === pointer.replace(/^#/, "")) ||
      (parameter !== undefined && one.control.name === parameter));
    if (!field) return true;
    field.mark(detail);
    first = first || field;
    return false;
  });
  first?.control.focus();
  return left;
}

/** The body of a request: a text, and a form for it where its schema has one. */
class Body {
  constructor(schema, components, change) {
    this.isForm = false;
    this.area = el("textarea", { rows: "4", spellcheck: "false", "aria-label": "Body", oninput: change });
    this.wrong = el("p", { class: "small bad", role: "alert" });
    this.form = hasForm(schema, components) ? new Fields(plain(schema, components), { components, pointer: "", change }) : null;
    this.tabs = this.form && tabs("Body as", ["Form", "JSON"], (name) => this.show(name === "Form"));
    this.element = el("div", {}, el("div", { class: "row body-head" }, el("h3", { text: "Body" }),
      this.tabs && el("span", { class: "push" }, this.tabs.element)), this.form?.element, this.area, this.wrong);
    this.tabs?.set("Form");
  }

  show(isForm) {
    if (this.isForm && !isForm) this.area.value = this.draft();
    const isFit = !isForm || this.isForm || this.fill(this.area.value);
    this.isForm = isForm && isFit;
    this.area.hidden = this.isForm;
    this.form.element.hidden = !this.isForm;
    this.wrong.textContent = isFit ? "" : "This JSON is not one of the form's; it stays as it is.";
    if (!isFit) setTimeout(() => this.tabs.set("JSON"));
  }

  fill(text) {
    let value;
    try { value = text.trim() ? parsed(text) : {}; } catch { return false; }
    const names = new Set(this.form.fields.map(([name]) => name));
    const isFit = value && typeof value === "object" && !Array.isArray(value) && Object.keys(value).every((name) => names.has(name));
    if (isFit) this.form.write(value);
    return isFit;
  }

  /** What is sent; throws what is wrong in the form, and says it there. */
  text() { return this.isForm ? JSON.stringify(this.form.read(), null, 2) : this.area.value; }

  draft() { try { return this.text(); } catch { return this.area.value; } }

  set(text) {
    this.area.value = text;
    if (this.isForm && !this.fill(text)) this.tabs.set("JSON");
    this.area.value = text;
  }

  /** Show what a problem document says; whether all of it found a field. */
  mark(text) {
    try { return this.form !== null && markProblem(this.form, JSON.parse(text)).length === 0; } catch { return false; }
  }
}

/** A list of buttons of which one is chosen; arrows move between them. */
function tabs(label, names, choose) {
  const buttons = names.map((name) => el("button", { type: "button", role: "tab", text: name, onclick: () => set(name) }));
  const set = (name) => {
    buttons.forEach((button, at) => {
      button.setAttribute("aria-selected", String(names[at] === name));
      button.tabIndex = names[at] === name ? 0 : -1;
    });
    choose(name);
  };
  const element = el("div", { class: "switch", role: "tablist", "aria-label": label }, buttons);
  element.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = (buttons.indexOf(document.activeElement) + step + names.length) % names.length;
    buttons[at].focus();
    set(names[at]);
  });
  return { element, set };
}
