// Pictures of every page, narrow and wide, light and dark, in core/web/shots: to be looked at.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { furnish, pages } from "./pages.mjs";
import { launch, open, start } from "./support.mjs";

const folder = join(import.meta.dirname, "../shots");
mkdirSync(folder, { recursive: true });
const [site, browser] = await Promise.all([start(), launch()]);
try {
  const house = await furnish(browser, site);
  let count = 0;
  for (const { name, who, path, then } of pages(house)) {
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [390, 1280]) {
        const context = await browser.newContext({ baseURL: site.base, locale: "en-US", colorScheme, viewport: { width, height: 844 }, reducedMotion: "reduce" });
        if (who) await house[who].sign_in(context);
        const page = await context.newPage();
        await open(page, path);
        await then?.(page);
        await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`) });
        await context.close();
        count += 1;
      }
    }
  }
  console.log(`${count} pictures in ${folder}`);
} finally {
  await browser.close();
  await site.stop();
}
