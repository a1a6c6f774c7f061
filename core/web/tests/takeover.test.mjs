// What the server rendered stays where it is when the application takes over: nothing moves under whoever reads it already.
import assert from "node:assert/strict";
import { test } from "node:test";
import { furnished } from "./pages.mjs";
import { open } from "./support.mjs";

const scene = furnished(async ({ ann }) => {
  const attachments = ["https://example.org/a/very/long/address/that/goes/on/and/on/until/it/no/longer/fits/into/a/narrow/window.pdf"];
  await ann.page.request.post("/api/posts", { data: { title: "A plan of the beds", body: "Long. ".repeat(500), attachments } });
});

/** What both have. Times are put in another way, so of what they stand in only the names count. */
const MARKS =
  ".brand, .bar nav a, main h1, main h2, main label, main select, main input, main .text, main .chip, main .card, main .tools, main .titles li, main .by strong, main .by .name, main .button, main .notice, main .address, main .own-id, main .hint, main .entries li, main .invitation, main .empty, .room-list, footer .line";

/** Where all of them are. */
const places = (page) =>
  page.locator(MARKS).evaluateAll((all) =>
    all
      .filter((one) => one.getClientRects().length && one.type !== "file")
      .map((one) => {
        const { x, y, height } = one.getBoundingClientRect();
        const own = [...one.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
        const text = one.classList[0] ?? own.map((node) => node.textContent.trim()).join("");
        return `${text}: ${[x, y + scrollY, height].map((value) => Math.round(value)).join(", ")}`;
      }),
  );

for (const width of [390, 1280]) {
  for (const who of [undefined, "ann"]) {
    test(`nothing moves for ${who ? "a member" : "a visitor"}, ${width} wide`, async () => {
      const context = await scene.browser.newContext({ baseURL: scene.site.base, locale: "en-US", viewport: { width, height: 844 } });
      if (who) await scene.house[who].sign_in(context);
      const page = await context.newPage();
      // It comes after the page, below everything else.
      await page.route("**/api/uploads?*", () => {});
      const paths = ["/", "/posts/", `/posts/${scene.house.post}`, "/posts/?login=error&reason=linked_elsewhere", "/rooms/", "/no/such/page", ...(who ? ["/settings/"] : [])];
      for (const path of paths) {
        await page.route(/\.js$/, (route) => route.abort());
        await page.goto(path);
        const before = await places(page);
        await page.unroute(/\.js$/);
        await open(page, path);
        assert.ok(before.length > 5, path);
        const after = await places(page);
        // The application has more to show; what was there already is where it was.
        assert.deepEqual(before.filter((one) => !after.includes(one)), [], `${path} now has ${after.join("\n")}`);
      }
      await context.close();
    });
  }
}
