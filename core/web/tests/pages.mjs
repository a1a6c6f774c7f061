// Every page there is, with something in it.
import { member, open, PNG } from "./support.mjs";

const TEXT = `We are at 600 m and the last frost comes in **mid May**. Last year I lost half of them.

- Matina
- Stupice
- *Harzfeuer*

Has anybody tried \`fleece\` over a hoop? See https://example.org/frost for our dates.`;

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
  await post("bob", "/api/posts", { title: "A bot that reminds the room to water", body: "It answers with the forecast.\n\n```rust\nfn on_message(text: &str) -> Option<String> {\n    text.starts_with(\"/water\").then(|| forecast())\n}\n```", attachments: ["https://example.org/files/bot.png"] });
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
  return house;
}

const dialog = (page) => page.getByRole("dialog").waitFor();
const choose = async (page, entry) => {
  await page.getByText("After five").waitFor();
  await page.locator(".room-head summary").click();
  await page.locator(".room-head").getByRole("button", { name: entry }).click();
  await dialog(page);
};

/** The pages: who looks, where, and what they do there. Nothing takes over those that are `plain`. */
export const pages = ({ post, room, closed }) => [
  { name: "home", path: "/" },
  { name: "home-member", who: "ann", path: "/" },
  { name: "posts", path: "/posts/" },
  { name: "posts-member", who: "ann", path: "/posts/" },
  { name: "sign-in", path: "/posts/#sign-in", then: dialog },
  { name: "sign-up", path: "/posts/#sign-up", then: dialog },
  { name: "forgot", path: "/posts/#forgot", then: dialog },
  { name: "reset", path: "/posts/#reset=a-token-from-a-mail", then: dialog },
  { name: "login-error", path: "/posts/?login=error&reason=invalid_token" },
  { name: "write", who: "ann", path: "/posts/#write", then: (page) => page.getByLabel("Title").fill("A title") },
  { name: "post", who: "ann", path: `/posts/${post}` },
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
  { name: "rooms", who: "ann", path: "/rooms/", then: (page) => page.getByRole("button", { name: "Decline" }).waitFor() },
  {
    name: "new-room",
    who: "ann",
    path: "/rooms/",
    async then(page) {
      await page.getByRole("button", { name: "New room" }).click();
      await dialog(page);
    },
  },
  {
    name: "room",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      await page.getByText("After five").waitFor();
      await page.getByText("online").first().waitFor({ state: "attached" });
      await page.locator("li.message").last().focus();
    },
  },
  {
    name: "room-commands",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      const field = page.getByRole("textbox", { name: /^Message to/ });
      await field.fill("/help");
      await field.press("Escape");
      await field.press("Enter");
      await page.locator("li.ephemeral").waitFor();
      await field.pressSequentially("/remind ");
      await page.getByRole("option").first().waitFor();
    },
  },
  { name: "room-stranger", who: "newcomer", path: `/rooms/${room}` },
  {
    name: "room-closed",
    who: "newcomer",
    path: `/rooms/${closed}`,
    async then(page) {
      await page.getByRole("button", { name: "Enter room" }).click();
      await page.getByRole("heading", { name: "You need an invitation" }).waitFor();
    },
  },
  {
    name: "invite",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      await page.getByRole("button", { name: "Invite" }).click();
      await dialog(page);
    },
  },
  { name: "room-settings", who: "ann", path: `/rooms/${room}`, then: (page) => choose(page, "Settings of the room") },
  {
    name: "room-members",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      await page.getByText("After five").waitFor();
      await page.locator(".room-head").getByRole("button", { name: /members?$/ }).click();
      await dialog(page);
    },
  },
];

/** Opens every page in turn, in a browser for each of the people, and calls `look` with it, and `begin` before it goes anywhere. */
export async function visit(browser, site, house, options, look, begin = () => {}) {
  const contexts = new Map();
  for (const { name, who, path, plain, unscripted, then } of pages(house)) {
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
    await page.close();
  }
  for (const context of contexts.values()) await context.close();
}
