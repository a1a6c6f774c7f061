// axe finds nothing on any page and in any state, light and dark, narrow and wide; and nothing is wider than the window.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { furnished, pages, visit } from "./pages.mjs";
import { beginnings, states } from "./states.mjs";
import { member, open, start } from "./support.mjs";

const scene = furnished();

test("who wants less motion sees none", async () => {
  for (const [reducedMotion, name] of [["no-preference", "rise"], ["reduce", "none"]]) {
    const context = await scene.browser.newContext({ baseURL: scene.site.base, locale: "en-US", reducedMotion });
    const page = await context.newPage();
    await open(page, "/posts/#sign-in");
    const moves = await page.getByRole("dialog").evaluate((dialog) => getComputedStyle(dialog).animationName);
    assert.equal(moves, name, reducedMotion);
    await context.close();
  }
});

/** What is not ours to mend: in the heads of operations Swagger UI puts buttons into buttons. */
const EXCEPTIONS = { docs: ["nested-interactive"] };

/**
 * What Swagger UI draws many times over. axe looks at one of each kind, since all would take it more than a minute: an operation of
 * each method, which are the colours there are, and a model. Our own part of the page stays whole.
 */
const REPEATED = { docs: ".opblock, .model-container" };

/** Hides all but the first of those that have the same classes. */
const thinOut = (repeated) =>
  repeated.evaluateAll((all) => {
    const seen = new Set();
    for (const one of all) {
      one.hidden = seen.has(one.className);
      seen.add(one.className);
    }
  });

test("the reference of the API is as dark as the other pages are", async () => {
  for (const [colorScheme, theme, isDark] of [["light", "dark", true], ["light", null, false], ["dark", "light", false], ["dark", null, true]]) {
    const context = await scene.browser.newContext({ baseURL: scene.site.base, colorScheme });
    if (theme) await context.addCookies([{ name: "theme", value: theme, url: scene.site.base }]);
    const page = await context.newPage();
    await page.goto("/api-docs.html");
    const filter = await page.evaluate(() => getComputedStyle(document.documentElement).filter);
    assert.equal(filter.includes("invert"), isDark, `${theme} chosen on a ${colorScheme} system`);
    await context.close();
  }
});

/** Looks at a page with axe, and keeps in `faults` what it finds. */
const judge = (faults) => async (page, name) => {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${name} is ${wide} pixels too wide`);
  if (REPEATED[name]) await thinOut(page.locator(REPEATED[name]));
  const { violations } = await new AxeBuilder({ page }).disableRules(EXCEPTIONS[name] ?? []).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`);
  if (found.length) faults[name] = found;
};

test("every page of an empty site can be used by everybody", async () => {
  const site = await start();
  try {
    const [faults, house] = [{}, { ann: await member(scene.browser, site, "Ann") }];
    await visit(scene.browser, site, house, { viewport: { width: 360, height: 844 } }, judge(faults), { places: beginnings });
    assert.deepEqual(faults, {});
  } finally {
    await site.stop();
  }
});

const places = (house, t) => [...pages(house, t), ...states(house, t)];

for (const [colorScheme, width] of [["light", 1280], ["dark", 360]]) {
  test(`every page can be used by everybody: ${colorScheme}, ${width} wide`, async () => {
    const faults = {};
    await visit(scene.browser, scene.site, scene.house, { colorScheme, viewport: { width, height: 844 } }, judge(faults), { places });
    assert.deepEqual(faults, {});
  });
}
