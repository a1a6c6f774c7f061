// The script of the plain pages, which people use where the server was built without the front end: it speaks the language of the page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { CATALOGUES } from "./pages.mjs";
import { launch } from "./support.mjs";

const SCRIPT = readFileSync(new URL("../assets/community.js", import.meta.url), "utf8");
const PAGE = "http://plain.example/posts/";

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** As the server writes it (core/src/web/pages.rs). */
function sentences(lang) {
  const texts = CATALOGUES[lang];
  const errors = Object.entries(texts).flatMap(([key, text]) => (key.startsWith("error.") && lang !== "en" ? [[key.slice("error.".length), text]] : []));
  return { unreachable: texts["trouble.unreachable"], unclear: texts["trouble.unclear"], done: texts["form.done"], again: texts["auth.sent_again"], errors: Object.fromEntries(errors) };
}

async function open_form(lang, answers) {
  const page = await browser.newPage();
  const attribute = (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  const form = `<form data-api="/api/email/register" data-then="message" data-done="${attribute(CATALOGUES[lang]["auth.check_mail_text"])}"><input name="email"><p class="say"></p><button type="submit">Send</button></form>`;
  const html = `<!doctype html><meta charset="utf-8"><script src="/community.js" data-texts="${attribute(JSON.stringify(sentences(lang)))}" defer></script>${form}`;
  await page.route("**/*", (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/community.js") return route.fulfill({ contentType: "text/javascript", body: SCRIPT });
    if (pathname.startsWith("/api/")) return answers.shift()(route);
    return route.fulfill({ contentType: "text/html", body: html });
  });
  await page.goto(PAGE);
  return page;
}

const refuse = (code) => (route) => route.fulfill({ status: 400, json: { ok: false, code, error: "In English." } });

for (const lang of ["en", "de"]) {
  test(`what comes of a form is said in the language of the page: ${lang}`, async () => {
    const texts = CATALOGUES[lang];
    const own = (text) => (lang === "en" ? "In English." : text.replace("{reason}", "In English."));
    const steps = [
      [(route) => route.abort(), texts["trouble.unreachable"]],
      [refuse("email_taken"), own(texts["error.email_taken"])],
      [refuse("invalid_request"), own(texts["error.invalid_request"])],
      [refuse("something_new"), "In English."],
      [(route) => route.fulfill({ status: 502, json: {} }), texts["trouble.unclear"]],
      [(route) => route.fulfill({ json: { ok: true, message: "In English." } }), texts["auth.check_mail_text"].replace("{email}", "ann@example.org")],
    ];
    const page = await open_form(lang, steps.map(([answer]) => answer));
    await page.locator("input").fill("ann@example.org");
    for (const [, said] of steps) {
      await page.getByRole("button").click();
      await page.waitForFunction((said) => document.querySelector(".say").textContent === said, said);
    }
    await page.close();
  });
}
