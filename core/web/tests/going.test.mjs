// Going from page to page: what Back leads to, where the keyboard is, and what an answer does that comes when one is elsewhere.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, member, open, PNG, start, visitor } from "./support.mjs";

let site, browser, ann;
before(async () => {
  [site, browser] = await Promise.all([start(), launch()]);
  ann = await member(browser, site, "Ann");
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

const publish = (title, body = "") => ann.page.request.post("/api/posts", { data: { title, body } }).then(async (answer) => (await answer.json()).post);
const heading = (page, name) => page.getByRole("heading", { level: 1, name });
const banner = (page, name) => page.getByRole("banner").getByRole("link", { name });
const path = (page) => new URL(page.url()).pathname + new URL(page.url()).hash;

/** Holds the answers to what `page` asks for with `method` at `url`, until the function that it gives is called. */
async function hold(page, method, url) {
  let let_go;
  const held = new Promise((go_on) => (let_go = go_on));
  await page.route(url, async (route) => {
    if (route.request().method() === method) await held;
    await route.continue();
  });
  return let_go;
}

test("what opens over a page is no step of its own once it is closed, and Back closes it", async () => {
  const { page, faults } = await visitor(browser, site);
  const dialog = page.getByRole("dialog");
  await open(page, "/");
  await page.getByRole("link", { name: "Read posts" }).click();
  await heading(page, "Posts").waitFor();
  await banner(page, "Sign in").click();
  await dialog.getByRole("link", { name: "Create an account" }).click();
  await dialog.getByRole("heading", { name: "Create an account" }).waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.waitForURL("**/posts/");
  await page.goBack();
  await page.getByRole("link", { name: "Read posts" }).waitFor();
  await page.goForward();
  await banner(page, "Sign in").click();
  await dialog.waitFor();
  await page.goBack();
  await dialog.waitFor({ state: "detached" });
  await heading(page, "Posts").waitFor();

  await open(ann.page, "/");
  await ann.page.getByRole("link", { name: "Read posts" }).click();
  await ann.page.getByRole("main").getByRole("link", { name: "Write a post" }).first().click();
  await ann.page.getByRole("button", { name: "Cancel" }).click();
  await ann.page.locator(".invitation:focus").waitFor();
  await ann.page.waitForURL("**/posts/");
  await ann.page.goBack();
  await ann.page.getByRole("link", { name: "Read posts" }).waitFor();
  assert.deepEqual([...faults, ...ann.faults], []);
});

test("what is opened again at once stays open", async () => {
  const { page, faults } = await visitor(browser, site);
  const dialog = page.getByRole("dialog");
  await open(page, "/");
  await page.getByRole("link", { name: "Read posts" }).click();
  await banner(page, "Sign in").click();
  await dialog.waitFor();
  await page.evaluate(async () => {
    const open = document.querySelector("dialog");
    const gone = new Promise((go_on) => open.addEventListener("close", go_on));
    open.querySelector("header button").click();
    await gone;
    const changed = new Promise((go_on) => addEventListener("hashchange", go_on));
    document.querySelector(".bar a[href='#sign-in']").click();
    await changed;
  });
  await page.waitForURL("**/posts/#sign-in");
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.waitForURL("**/posts/");
  await page.goBack();
  await page.getByRole("link", { name: "Read posts" }).waitFor();
  assert.deepEqual(faults, []);
});

test("a link to where one is leads to its beginning, and nowhere else", async () => {
  for (let number = 0; number < 12; number += 1) await publish(`Long ${number}.`, "line\n\n".repeat(20));
  const { page, faults } = await visitor(browser, site);
  await open(page, "/posts/");
  const steps = await page.evaluate(() => history.length);
  await page.evaluate(() => scrollTo(0, 1200));
  // Without going there: what is out of sight would be scrolled to.
  await banner(page, "Posts").evaluate((link) => link.click());
  await page.waitForFunction(() => scrollY === 0);
  assert.equal(await page.evaluate(() => history.length), steps);
  assert.deepEqual(faults, []);
});

test("whoever skips to the content keeps what is open there", async () => {
  const { page, faults } = ann;
  await open(page, "/posts/#write");
  const title = page.getByLabel("Title");
  await title.fill("Half a thought");
  await page.getByRole("link", { name: "Skip to content" }).press("Enter");
  await page.locator("main:focus").waitFor();
  assert.equal(await title.inputValue(), "Half a thought");
  assert.equal(path(page), "/posts/#write");
  await page.evaluate(() => localStorage.clear());
  assert.deepEqual(faults, []);
});

test("the way back to the list is the one that one came, also after signing in was opened and closed", async () => {
  await publish("Come and see");
  const { page, faults } = await visitor(browser, site);
  await open(page, "/posts/");
  await page.getByRole("link", { name: "Come and see" }).click();
  await heading(page, "Come and see").waitFor();
  await banner(page, "Sign in").click();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.waitForFunction(() => location.hash === "");
  await page.getByRole("link", { name: "← Posts" }).click();
  await heading(page, "Posts").waitFor();
  assert.deepEqual(faults, []);
});

test("the keyboard follows from one post to another, and from the rooms to a room", async () => {
  const other = await publish("The other");
  const one = await publish("The one", `[there](/posts/${other.id})`);
  const { page, context, faults } = await member(browser, site, "Kim", { viewport: { width: 390, height: 844 } });
  await open(page, `/posts/${one.id}`);
  await page.getByRole("link", { name: "there" }).press("Enter");
  await heading(page, "The other").waitFor();
  await page.locator("main:focus").waitFor();

  await context.request.post("/api/rooms", { data: { name: "Cellar" } });
  await open(page, "/rooms/");
  await page.getByRole("link", { name: "Cellar" }).press("Enter");
  await page.getByRole("heading", { name: "Cellar" }).waitFor();
  await page.waitForFunction(() => document.activeElement !== document.body && document.activeElement.checkVisibility());
  assert.deepEqual(faults, []);
});

test("an answer that comes when one is elsewhere is said, and leads nobody away", async () => {
  const { page, faults } = ann;
  const gone = await publish("To be deleted");
  await open(page, `/posts/${gone.id}`);
  let let_go = await hold(page, "DELETE", "**/api/posts/*");
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Signed in as Ann" }).click();
  await heading(page, "Settings").waitFor();
  let_go();
  await page.getByText("The post is deleted.").waitFor();
  assert.equal(path(page), "/settings/");
  await heading(page, "Settings").waitFor();

  await banner(page, "Posts").click();
  await page.getByRole("main").getByRole("link", { name: "Write a post" }).first().click();
  await page.getByLabel("Title").fill("Published late");
  let_go = await hold(page, "POST", "**/api/posts");
  await page.getByRole("button", { name: "Publish" }).click();
  await banner(page, "OpenClaw Community").click();
  await banner(page, "Signed in as Ann").waitFor();
  await page.evaluate(() => (location.hash = "latest"));
  let_go();
  await page.getByText("Published.", { exact: true }).waitFor();
  assert.equal(path(page), "/#latest");
  await page.unrouteAll();
  assert.deepEqual(faults, []);
});

test("what was to be uploaded ends with the form", async () => {
  const { page, faults } = ann;
  await open(page, "/posts/#write");
  await page.route("**/api/upload", () => {});
  await page.locator("form.composer input[type=file]").setInputFiles({ name: "one.png", mimeType: "image/png", buffer: PNG });
  await page.locator("progress").waitFor();
  const ended = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/api/upload"));
  await banner(page, "Rooms").click();
  await ended;
  await page.unrouteAll();
  assert.deepEqual(faults, []);
});

test("what signing in said is said once", async () => {
  const { page, faults } = ann;
  await open(page, "/?login=ok");
  await page.getByRole("status").getByText("You are signed in.").waitFor();
  await banner(page, "Posts").click();
  await heading(page, "Posts").waitFor();
  await page.getByText("You are signed in.").waitFor({ state: "detached" });
  assert.deepEqual(faults, []);
});
