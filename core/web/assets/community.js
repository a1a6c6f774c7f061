// What the plain pages do with the JSON API. Reading works without any of it.
"use strict";

/** What it says, in the language of the page: sentences of its own, and those about errors by their code. */
const texts = JSON.parse(document.currentScript.dataset.texts);

/** What to tell somebody about an answer that says no. */
const explain = ({ code, error }) => texts.errors[code]?.replace("{reason}", error) ?? error ?? texts.unclear;

/** Sends JSON and returns the answer, which always has `ok`, and `error` where it went wrong. */
async function send(method, url, body, headers = {}) {
  try {
    const response = await fetch(url, {
      method,
      credentials: "same-origin",
      headers: { accept: "application/json", ...(body && { "content-type": "application/json" }), ...headers },
      body: body && JSON.stringify(body),
    });
    const answer = await response.json();
    return { ...answer, ok: response.ok && answer.ok !== false, status: response.status };
  } catch {
    return { ok: false, error: texts.unreachable };
  }
}

/** Shows a sentence in the live region of a form or a post. */
function say(place, text, good = false) {
  const region = place.querySelector(".say");
  region.classList.toggle("good", good);
  region.textContent = text;
}

/** A key that makes a repeated submission of the same form create one post. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fields(form) {
  const values = {};
  for (const input of form.elements) {
    if (input.name && !(input.value === "" && "optional" in input.dataset)) values[input.name] = input.value;
  }
  return values;
}

async function submit(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const button = form.querySelector("[type=submit]");
  form.dataset.key ||= newKey();
  button.disabled = true;
  say(form, "");
  const answer = await send(form.dataset.method ?? "POST", form.dataset.api, fields(form), { "idempotency-key": form.dataset.key });
  button.disabled = false;
  const resend = form.querySelector("[data-resend]");
  if (!answer.ok) {
    if (resend) resend.hidden = !answer.resend;
    // Without a clear answer the post may be there: only the same key keeps another try from making a second one.
    if (answer.status < 500) delete form.dataset.key;
    return say(form, explain(answer));
  }
  if (form.dataset.then === "redirect") return location.assign(answer.redirect ?? "/posts/");
  if (form.dataset.then === "reload") return location.reload();
  if (resend) resend.hidden = false;
  if ("once" in form.dataset) button.hidden = true;
  for (const input of form.querySelectorAll("[type=password]")) input.value = "";
  say(form, (form.dataset.done ?? texts.done).replace("{email}", form.elements.email?.value), true);
}

async function resend(event) {
  const form = event.currentTarget.form;
  const answer = await send("POST", "/api/email/resend-verification", { email: form.elements.email.value });
  say(form, answer.ok ? texts.again : explain(answer), answer.ok);
}

/** Deletes what the button names, and then the entry that it stands in. */
async function remove(event) {
  const button = event.currentTarget;
  const entry = button.closest("[data-entry]");
  if (button.dataset.confirm && !confirm(button.dataset.confirm)) return;
  button.disabled = true;
  const answer = await send("DELETE", button.dataset.delete);
  button.disabled = false;
  if (!answer.ok) return say(button.parentElement, explain(answer));
  if (button.dataset.then === "reload") return location.reload();
  const next = entry.nextElementSibling?.querySelector("h2, strong") ?? document.querySelector("h1");
  entry.remove();
  next.tabIndex = -1;
  next.focus();
}

const tabs = [...document.querySelectorAll("[role=tab]")];

function select(tab) {
  for (const other of tabs) {
    const chosen = other === tab;
    other.setAttribute("aria-selected", chosen);
    other.tabIndex = chosen ? 0 : -1;
    document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
  }
}

function moveAlongTabs(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const next = tabs[(tabs.indexOf(event.currentTarget) + step + tabs.length) % tabs.length];
  select(next);
  next.focus();
}

/** `#sign-up` opens that tab; `#reset=<token>` opens the form for a new password and takes the token out of sight. */
function followHash() {
  const hash = location.hash.slice(1);
  if (hash.startsWith("reset=")) {
    const card = document.getElementById("reset");
    card.hidden = false;
    card.querySelector("[name=token]").value = hash.slice("reset=".length);
    history.replaceState(null, "", location.pathname);
    return card.querySelector("[type=password]").focus();
  }
  const tab = tabs.find((tab) => tab.getAttribute("aria-controls") === hash);
  if (tab) {
    select(tab);
    document.querySelector(`#${hash} input`).focus();
  } else if (hash === "sign-in" || hash === "sign-up") {
    document.getElementById("join")?.scrollIntoView();
  } else if (hash === "write") {
    document.getElementById("post-title")?.focus();
  }
}

for (const element of document.querySelectorAll("[data-needs-script]")) element.hidden = false;
for (const form of document.querySelectorAll("form[data-api]")) form.addEventListener("submit", submit);
for (const button of document.querySelectorAll("[data-resend]")) button.addEventListener("click", resend);
for (const button of document.querySelectorAll("[data-delete]")) button.addEventListener("click", remove);
for (const tab of tabs) {
  tab.addEventListener("click", () => select(tab));
  tab.addEventListener("keydown", moveAlongTabs);
}
for (const time of document.querySelectorAll("time")) {
  time.textContent = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
// A message about signing in belongs to this one visit; reloading should not repeat it.
if (document.querySelector("[data-notice]")) history.replaceState(null, "", location.pathname + location.hash);
addEventListener("hashchange", followHash);
followHash();
