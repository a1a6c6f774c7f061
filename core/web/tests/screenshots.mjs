// Pictures of every page and every state, narrow and wide, light and dark, in English and in German, in core/web/shots: to be looked at.
// Arguments are the names of those to be taken, if not all are.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { furnish, pages, visit } from "./pages.mjs";
import { beginnings, states, unscripted } from "./states.mjs";
import { BOTS, launch, member, start } from "./support.mjs";

const folder = join(import.meta.dirname, "../shots");
mkdirSync(folder, { recursive: true });
const [site, browser] = await Promise.all([start(BOTS), launch()]);
const wanted = process.argv.slice(2);
const asked_for = (places) => (house, t) => places(house, t).filter(({ name }) => !wanted.length || wanted.includes(name));
const everything = asked_for((house, t) => [...pages(house, t), ...states(house, t)]);
const LONG = ["docs", "events"];
let count = 0;

async function picture(house, locale, colorScheme, width, places, more = {}) {
  const language = locale === "en-US" ? "" : `-${locale.slice(0, 2)}`;
  const look = async (page, name) => {
    // What is below the fold belongs to a page. A dialog stands in the middle of the window, and the references go on for long, in one way.
    const fullPage = !LONG.includes(name) && (await page.getByRole("dialog").count()) === 0;
    // Pictures further down come once somebody goes there.
    await page.evaluate(() => {
      for (const image of document.images) image.loading = "eager";
    });
    await page.waitForFunction(() => [...document.images].every((image) => image.complete));
    await page.screenshot({ path: join(folder, `${name}${language}-${width}-${colorScheme}.png`), fullPage });
    count += 1;
  };
  await visit(browser, site, house, { locale, colorScheme, viewport: { width, height: 844 }, ...more }, look, { places });
}

try {
  // Before anybody writes anything.
  await picture({ ann: await member(browser, site, "Ann") }, "en-US", "light", 390, asked_for(beginnings));
  const house = await furnish(browser, site);
  await picture(house, "en-US", "light", 390, asked_for(unscripted), { javaScriptEnabled: false });
  for (const locale of ["en-US", "de-DE"]) {
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [390, 1280]) await picture(house, locale, colorScheme, width, everything);
    }
  }
  console.log(`${count} pictures in ${folder}`);
} finally {
  await browser.close();
  await site.stop();
}
