// axe finds nothing on any page, light and dark, narrow and wide; and nothing is wider than the window.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { launch, open, start } from "./support.mjs";
import { furnish, pages } from "./pages.mjs";

let site, browser, house;
before(async () => {
  [site, browser] = await Promise.all([start(), launch()]);
  house = await furnish(browser, site);
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

for (const [colorScheme, width] of [["light", 1280], ["dark", 390]]) {
  test(`every page can be used by everybody: ${colorScheme}, ${width} wide`, async () => {
    const viewport = { width, height: 844 };
    for (const { name, who, path, then } of pages(house)) {
      const context = await browser.newContext({ baseURL: site.base, locale: "en-US", colorScheme, viewport, reducedMotion: "reduce" });
      if (who) await house[who].sign_in(context);
      const page = await context.newPage();
      await open(page, path);
      await then?.(page);
      const { violations } = await new AxeBuilder({ page }).analyze();
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`);
      assert.deepEqual(found, [], `${name}, ${colorScheme}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${name} is ${wide} pixels too wide`);
      await context.close();
    }
  });
}
