// Pictures of every page, narrow and wide, light and dark, in core/web/shots: to be looked at.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { furnish, visit } from "./pages.mjs";
import { BOTS, launch, start } from "./support.mjs";

const folder = join(import.meta.dirname, "../shots");
mkdirSync(folder, { recursive: true });
const [site, browser] = await Promise.all([start(BOTS), launch()]);
let count = 0;
try {
  const house = await furnish(browser, site);
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [390, 1280]) {
      await visit(browser, site, house, { colorScheme, viewport: { width, height: 844 } }, async (page, name) => {
        await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`) });
        count += 1;
      });
    }
  }
  console.log(`${count} pictures in ${folder}`);
} finally {
  await browser.close();
  await site.stop();
}
