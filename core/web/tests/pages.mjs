// Every page there is, with something in it.
import { readFileSync } from "node:fs";
import { after, before } from "node:test";
import { BOTS, launch, member, open, PNG, start } from "./support.mjs";

const TEXT = `We are at 600 m and the last frost comes in **mid May**. Last year I lost half of them.

- Matina
- Stupice
- *Harzfeuer*

Has anybody tried \`fleece\` over a hoop? See https://example.org/frost for our dates.`;

/**
 * A `browser` and a `site` with bots and everything of [furnish] as its `house`, to which `more` may add; there for as long as the tests of
 * a file run.
 */
export function furnished(more = async () => {}) {
  const scene = {};
  before(async () => {
    [scene.site, scene.browser] = await Promise.all([start(BOTS), launch()]);
    scene.house = await furnish(scene.browser, scene.site);
    await more(scene.house);
  });
  after(async () => {
    await scene.browser?.close();
    await scene.site?.stop();
  });
  return scene;
}

/** People, posts and a room, so that pages show what they are for. Whatever people wrote is `dress`ed, and their browsers have `options`. */
export async function furnish(browser, site, dress = (text) => text, options = {}) {
  const person = (name) => member(browser, site, dress(name), options);
  const house = { ann: await person("Ann"), bob: await person("Bob"), newcomer: await person("Nils") };
  const written = ["title", "body", "name"];
  const post = async (who, path, data) => {
    const dressed = Object.entries(data).map(([key, value]) => [key, written.includes(key) ? dress(value) : value]);
    const answer = await house[who].page.request.post(path, { data: Object.fromEntries(dressed) });
    if (!answer.ok()) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
  };
  house.edited = (await post("bob", "/api/posts", { title: "A bot that reminds the room to water", body: "It answers with the forecast.\n\n```rust\nfn on_message(text: &str) -> Option<String> {\n    text.starts_with(\"/water\").then(|| forecast())\n}\n```", attachments: ["https://example.org/files/bot.png"] })).post.id;
  await house.bob.page.request.patch(`/api/posts/${house.edited}`, { data: { title: dress("A bot that reminds the room to water the beds") } });
  house.post = (await post("ann", "/api/posts", { title: "Which tomatoes survive a cold spring?", body: TEXT })).post.id;
  await house.ann.page.request.post("/api/upload", { multipart: { file: { name: "Seedlings.png", mimeType: "image/png", buffer: PNG } } });
  house.room = (await post("ann", "/api/rooms", { name: "Greenhouse" })).room.id;
  const to = `/api/rooms/${house.room}`;
  await post("bob", `${to}/join`, {});
  const first = (await post("bob", `${to}/messages`, { body: "Good morning! I moved the tomatoes inside, just to be safe." })).message;
  await post("ann", `${to}/messages`, { body: "Same here. It went down to **2 °C**.", replyTo: first.id });
  await post("bob", `${to}/messages`, { body: "Does anybody have spare fleece?\n\n- 2 m wide would do\n- I can pick it up" });
  house.last = (await post("bob", `${to}/messages`, { body: "After five, for example." })).message.id;
  house.closed = (await post("ann", "/api/rooms", { name: "Seed swap in spring", access: "invite" })).room.id;
  const invited = (await post("bob", "/api/rooms", { name: "Compost", access: "invite" })).room.id;
  await post("bob", `/api/rooms/${invited}/invite`, { userId: house.ann.id });
  // As long as a name can be, in one word, and with something new in it.
  const long = await house.bob.page.request.post("/api/rooms", { data: { name: dress("Seed").padEnd(80, "lings") } });
  house.long = (await long.json()).room.id;
  await post("ann", `/api/rooms/${house.long}/join`, {});
  await post("bob", `/api/rooms/${house.long}/messages`, { body: "What shall we call it?" });
  return house;
}

const catalogue = (lang) => JSON.parse(readFileSync(new URL(`../texts/${lang}.json`, import.meta.url), "utf8"));
export const CATALOGUES = { en: catalogue("en"), de: catalogue("de") };

/** What pages say to a browser that asks for `locale`. */
const speaking = (locale) => (key, values = {}) => CATALOGUES[locale.slice(0, 2)][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);

const dialog = (page) => page.getByRole("dialog").waitFor();
/** Waits until a room is there. */
export const stands = (page) => page.getByText("After five").waitFor();
export const field = (page) => page.locator(".say-something textarea");
const choose = async (page, entry) => {
  await stands(page);
  await page.locator(".room-head summary").click();
  await page.locator(".room-head").getByRole("button", { name: entry }).click();
  await dialog(page);
};

/** The pages: who looks, where, and what they do there, reading what `t` says. Nothing takes over those that are `plain`. */
export const pages = ({ post, edited, room, closed, long }, t) => [
  { name: "home", path: "/" },
  { name: "home-member", who: "ann", path: "/" },
  { name: "posts", path: "/posts/" },
  { name: "posts-member", who: "ann", path: "/posts/" },
  { name: "sign-in", path: "/posts/#sign-in", then: dialog },
  { name: "sign-up", path: "/posts/#sign-up", then: dialog },
  { name: "forgot", path: "/posts/#forgot", then: dialog },
  { name: "reset", path: "/posts/#reset=a-token-from-a-mail", then: dialog },
  { name: "login-error", path: "/posts/?login=error&reason=invalid_token" },
  { name: "write", who: "ann", path: "/posts/#write", then: (page) => page.getByLabel(t("post.title")).fill("A title") },
  { name: "post", who: "ann", path: `/posts/${post}` },
  { name: "post-edited", path: `/posts/${edited}` },
  { name: "missing", path: "/posts/u-01kb3x2v5q8m4n7p9r1s3t5v7w" },
  { name: "nothing", who: "ann", path: "/no/such/page" },
  { name: "settings", who: "ann", path: "/settings/", then: (page) => page.locator(".files li").first().waitFor() },
  { name: "docs", plain: true, path: "/api-docs.html", then: (page) => page.locator(".opblock").first().waitFor() },
  { name: "events", plain: true, path: "/docs/events" },
  { name: "plain-home", plain: true, unscripted: true, path: "/" },
  { name: "plain-posts", plain: true, unscripted: true, who: "ann", path: "/posts/" },
  { name: "plain-post", plain: true, unscripted: true, path: `/posts/${post}` },
  { name: "plain-settings", plain: true, unscripted: true, who: "ann", path: "/settings/" },
  { name: "plain-nothing", plain: true, unscripted: true, path: "/no/such/page" },
  { name: "rooms-stranger", path: "/rooms/" },
  { name: "rooms-empty", who: "newcomer", path: "/rooms/" },
  { name: "rooms", who: "ann", path: "/rooms/", then: (page) => page.getByRole("button", { name: t("rooms.decline") }).waitFor() },
  {
    name: "new-room",
    who: "ann",
    path: "/rooms/",
    async then(page) {
      await page.getByRole("button", { name: t("rooms.new") }).click();
      await dialog(page);
    },
  },
  {
    name: "room",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      await stands(page);
      await page.getByText(t("room.online"), { exact: true }).first().waitFor({ state: "attached" });
      await page.locator("li.message").last().focus();
    },
  },
  {
    name: "room-commands",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      const area = field(page);
      await area.fill("/help");
      await area.press("Escape");
      await area.press("Enter");
      await page.locator("li.ephemeral").waitFor();
      await area.pressSequentially("/remind ");
      await page.getByRole("option").first().waitFor();
    },
  },
  { name: "room-long", who: "bob", path: `/rooms/${long}`, then: (page) => page.getByText("What shall we call it?").waitFor() },
  { name: "room-stranger", who: "newcomer", path: `/rooms/${room}` },
  {
    name: "room-closed",
    who: "newcomer",
    path: `/rooms/${closed}`,
    async then(page) {
      await page.getByRole("button", { name: t("room.join") }).click();
      await page.getByRole("heading", { name: t("room.closed_title") }).waitFor();
    },
  },
  {
    name: "invite",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      await page.getByRole("button", { name: t("room.invite") }).click();
      await dialog(page);
    },
  },
  { name: "room-settings", who: "ann", path: `/rooms/${room}`, then: (page) => choose(page, t("room.change")) },
  {
    name: "room-members",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      await stands(page);
      await page.locator(".room-head").getByRole("button", { name: t("room.members") }).click();
      await dialog(page);
    },
  },
];

/**
 * Opens every page in turn, in a browser for each of the people, and calls `look` with it, and `begin` before it goes anywhere. What
 * is opened is what `places` gives for a house and what pages say.
 */
export async function visit(browser, site, house, options, look, { begin = () => {}, places = pages } = {}) {
  const contexts = new Map();
  for (const { name, who, path, plain, unscripted, then } of places(house, speaking(options.locale ?? "en-US"), site)) {
    const key = `${who} ${unscripted}`;
    if (!contexts.has(key)) {
      const context = await browser.newContext({ baseURL: site.base, locale: "en-US", reducedMotion: "reduce", ...options });
      if (who) await house[who].sign_in(context);
      // As the server sends it: axe needs scripts, so only the page's own are kept away.
      if (unscripted) await context.route(/\.js$/, (route) => route.abort());
      contexts.set(key, context);
    }
    const page = await contexts.get(key).newPage();
    begin(page);
    await (plain ? page.goto(path) : open(page, path));
    await then?.(page);
    await look(page, name);
    // What was written on one page is not continued on another.
    await page.evaluate(() => localStorage.clear());
    await page.close();
  }
  for (const context of contexts.values()) await context.close();
}
