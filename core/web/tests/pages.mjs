// Every page there is, with something in it.
import { member, open } from "./support.mjs";

const TEXT = `We are at 600 m and the last frost comes in **mid May**. Last year I lost half of them.

- Matina
- Stupice
- *Harzfeuer*

Has anybody tried \`fleece\` over a hoop? See https://example.org/frost for our dates.`;

/** People, posts and a room, so that pages show what they are for. */
export async function furnish(browser, site) {
  const house = { ann: await member(browser, site, "Ann"), bob: await member(browser, site, "Bob"), newcomer: await member(browser, site, "Nils") };
  const post = async (who, path, data) => (await house[who].page.request.post(path, { data })).json();
  await post("bob", "/api/posts", { title: "A bot that reminds the room to water", body: "It answers with the forecast.\n\n```rust\nfn on_message(text: &str) -> Option<String> {\n    text.starts_with(\"/water\").then(|| forecast())\n}\n```", attachments: ["https://example.org/files/bot.png"] });
  house.post = (await post("ann", "/api/posts", { title: "Which tomatoes survive a cold spring?", body: TEXT })).post.id;
  house.room = (await post("ann", "/api/rooms", { name: "Greenhouse" })).room.id;
  const to = `/api/rooms/${house.room}`;
  await post("bob", `${to}/join`, {});
  const first = (await post("bob", `${to}/messages`, { body: "Good morning! I moved the tomatoes inside, just to be safe." })).message;
  await post("ann", `${to}/messages`, { body: "Same here. It went down to **2 °C**.", replyTo: first.id });
  await post("bob", `${to}/messages`, { body: "Does anybody have spare fleece?\n\n- 2 m wide would do\n- I can pick it up" });
  await post("bob", `${to}/messages`, { body: "After five, for example." });
  await post("ann", "/api/rooms", { name: "Seed swap in spring", access: "invite" });
  return house;
}

const dialog = (page) => page.getByRole("dialog").waitFor();

/** The pages: who looks, where, and what they do there. */
export const pages = ({ post, room }) => [
  { name: "home", path: "/" },
  { name: "home-member", who: "ann", path: "/" },
  { name: "posts", path: "/posts/" },
  { name: "posts-member", who: "ann", path: "/posts/" },
  { name: "sign-in", path: "/posts/#sign-in", then: dialog },
  { name: "sign-up", path: "/posts/#sign-up", then: dialog },
  { name: "login-error", path: "/posts/?login=error&reason=invalid_token" },
  { name: "write", who: "ann", path: "/posts/#write", then: (page) => page.getByLabel("Title").fill("A title") },
  { name: "post", who: "ann", path: `/posts/${post}` },
  { name: "missing", path: "/posts/u-01kb3x2v5q8m4n7p9r1s3t5v7w" },
  { name: "settings", who: "ann", path: "/settings/" },
  { name: "rooms-stranger", path: "/rooms/" },
  { name: "rooms-empty", who: "newcomer", path: "/rooms/" },
  { name: "rooms", who: "ann", path: "/rooms/" },
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
    name: "invite",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      await page.getByRole("button", { name: "Invite" }).click();
      await dialog(page);
    },
  },
];

/** Opens every page in turn, in a browser for each of the people, and calls `look` with it. */
export async function visit(browser, site, house, options, look) {
  const contexts = new Map();
  for (const { name, who, path, then } of pages(house)) {
    if (!contexts.has(who)) {
      const context = await browser.newContext({ baseURL: site.base, locale: "en-US", reducedMotion: "reduce", ...options });
      if (who) await house[who].sign_in(context);
      contexts.set(who, context);
    }
    const page = await contexts.get(who).newPage();
    await open(page, path);
    await then?.(page);
    await look(page, name);
    await page.close();
  }
  for (const context of contexts.values()) await context.close();
}
