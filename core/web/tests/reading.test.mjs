// The list of posts while others write, and when they did.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, member, open, open_connected, scroll_to, start, visitor } from "./support.mjs";

const POSTS = 45;

let site, browser, ann;
before(async () => {
  [site, browser] = await Promise.all([start(), launch()]);
  ann = await member(browser, site, "Ann");
  for (let number = 0; number < POSTS; number += 1) await publish(`Post ${number}.`, "A line.\n\nAnother one.");
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

const publish = (title, body = "") => ann.page.request.post("/api/posts", { data: { title, body } });
const titles = (page) => page.locator("article h2").allTextContents();
const look_again = (page) => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
/** Lets the page do what it has to do now. */
const settled = (page) => page.evaluate(() => new Promise((go_on) => setTimeout(go_on)));

/** A promise, and what keeps it. */
function promise() {
  let keep;
  const kept = new Promise((go_on) => (keep = go_on));
  return { kept, keep };
}

test("an older page that comes after the list began anew is not put below it", async () => {
  const { page, faults } = await visitor(browser, site);
  const [asked, answer] = [promise(), promise()];
  await page.route(/\/api\/posts\?.*before=/, async (route) => {
    asked.keep();
    await answer.kept;
    await route.continue();
  });
  await open(page, "/posts/");
  await page.getByRole("article").nth(19).waitFor();
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await asked.kept;
  for (const title of ["News 1", "News 2"]) await publish(title);
  await look_again(page);
  await page.getByRole("button", { name: "Show new posts" }).click();
  await page.getByRole("article", { name: "News 2" }).waitFor();
  const late = page.waitForResponse(/\/api\/posts\?.*before=/);
  answer.keep();
  await late;
  await scroll_to(page.getByText("Post 0.", { exact: true }), () => page.mouse.wheel(0, 4000));
  const wanted = ["News 2", "News 1", ...Array.from({ length: POSTS }, (_, number) => `Post ${POSTS - 1 - number}.`)];
  assert.deepEqual(await titles(page), wanted, "nothing is missing, and nothing is there twice");
  assert.deepEqual(faults, []);
});

test("what is heard of while the list is on its way waits for the reader", async () => {
  const { page, faults } = await member(browser, site, "Bob");
  await open_connected(page, "/posts/");
  await page.locator(".brand").click();
  await page.getByRole("link", { name: "Read posts" }).waitFor();
  const [asked, answer] = [promise(), promise()];
  await page.route("**/api/posts?*", async (route) => {
    const response = await route.fetch();
    asked.keep();
    await answer.kept;
    await route.fulfill({ response });
  });
  await page.getByRole("banner").getByRole("link", { name: "Posts" }).click();
  await asked.kept;
  await publish("In between");
  await page.getByRole("button", { name: "1 new post" }).waitFor();
  answer.keep();
  await page.getByRole("article").nth(19).waitFor();
  await page.getByRole("button", { name: "1 new post" }).click();
  await page.getByRole("article", { name: "In between" }).waitFor();
  assert.equal((await titles(page)).filter((title) => title === "In between").length, 1);
  assert.deepEqual(faults, []);
});

test("whoever was told that there is something new is told so until it is shown, whatever cannot be asked", async () => {
  const { page, faults } = await visitor(browser, site);
  await open(page, "/posts/");
  await publish("Still new");
  await look_again(page);
  const button = page.getByRole("button", { name: "Show new posts" });
  await button.waitFor();
  await page.route("**/api/posts?*", (route) => route.abort());
  const failed = page.waitForEvent("requestfailed");
  await look_again(page);
  await failed;
  await settled(page);
  assert.equal(await button.count(), 1);
  await page.unrouteAll();
  await button.click();
  await page.getByRole("article", { name: "Still new" }).waitFor();
  assert.deepEqual(faults, []);
});

test("yesterday is the day before today, whatever the hour", async () => {
  const { page, faults } = await visitor(browser, site, { timezoneId: "Europe/Berlin" });
  await page.clock.setFixedTime(new Date("2026-03-10T11:00:00Z"));
  const times = ["2026-03-09T20:00:00Z", "2026-03-09T08:00:00Z", "2026-03-08T19:00:00Z", "2026-03-03T23:30:00Z"];
  await page.route("**/api/posts?*", async (route) => {
    const response = await route.fetch();
    const posts = await response.json();
    await route.fulfill({ response, json: times.map((created_at, number) => ({ ...posts[number], created_at })) });
  });
  await open(page, "/posts/");
  await page.getByRole("article").nth(3).waitFor();
  const shown = await page.locator("article .by time").allTextContents();
  assert.deepEqual(shown.slice(0, 4), ["15 hours ago", "yesterday", "2 days ago", "6 days ago"]);
  assert.deepEqual(faults, []);
});

test("a browser that cannot take names apart shows the page all the same", async () => {
  const { page, context, faults } = await visitor(browser, site);
  await context.addInitScript(() => delete Intl.Segmenter);
  await open(page, "/posts/");
  assert.equal(await page.locator("article .avatar").first().textContent(), "A");
  assert.deepEqual(faults, []);
});
