// Whoever reads German reads nothing else of ours, on any page and in any state.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CATALOGUES, furnished, pages, visit } from "./pages.mjs";
import { states } from "./states.mjs";

const scene = furnished();

/** For programmers, and in English for everybody. */
const REFERENCES = ["docs", "events"];
/** So few letters could stand in what people write, too. */
const TELLING = 6;

const german = new Set(Object.values(CATALOGUES.de));
const letters = (text) => text.replace(/\{\w+\}/g, "").replace(/[^a-z]/gi, "").length;
const literal = (text) => text.replace(/[.*+?^$()|[\]\\]/g, "\\$&");
const ENGLISH = Object.values(CATALOGUES.en)
  .filter((text) => !german.has(text) && (!text.includes("{") || letters(text) >= TELLING))
  .map((text) => new RegExp(`^${literal(text).replace(/\{\w+\}/g, ".*")}$`, "s"));

/** Everything that the page says, to eyes and to screen readers. */
const said = (page) =>
  page.evaluate(() => {
    const texts = [document.title];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) texts.push(walker.currentNode.textContent.trim());
    const named = ["aria-label", "title", "placeholder", "alt"];
    for (const element of document.body.querySelectorAll("*")) texts.push(...named.map((name) => element.getAttribute(name)));
    return texts.filter(Boolean);
  });

test("no page says anything in English to whoever reads German", async () => {
  const places = (house, t) => [...pages(house, t).filter(({ name }) => !REFERENCES.includes(name)), ...states(house, t)];
  const found = {};
  const look = async (page, name) => {
    const texts = await said(page);
    assert.ok(texts.includes(CATALOGUES.de["frame.posts"]), `${name} is in German`);
    const english = texts.filter((text) => ENGLISH.some((shape) => shape.test(text)));
    if (english.length) found[name] = english;
  };
  await visit(scene.browser, scene.site, scene.house, { locale: "de-DE", viewport: { width: 1280, height: 844 } }, look, { places });
  assert.deepEqual(found, {});
});
