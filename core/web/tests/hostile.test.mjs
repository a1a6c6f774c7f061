// A house in which every name and every text is an attack. Every page is walked through: nothing of it runs, and nothing is loaded but
// what the pages themselves ask for.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { furnish, visit } from "./pages.mjs";
import { BOTS, guest, launch, open, open_connected, PNG, start, visitor } from "./support.mjs";

const { io } = createRequire(import.meta.url)("socket.io-client");

const ATTACK = "<img src=x onerror=alert(1)>\"'><script>alert(1)</script>";
const AGENT = `Mozilla/5.0 <img src=x onerror=alert(1)>"'>`;
/** A plugin that says what it is told to, and of its commands what the setting has. */
const NAUGHTY = {
  NAME: "Naughty <img src=x onerror=alert(1)>",
  SETTINGS__SAYS: ATTACK,
  // It must not be left out when the machine is busy.
  BEFORE_MESSAGE__BUDGET: "5s",
};
/** What pages of ours load: their files, uploads, and the API, of which nothing that acts. */
const EXPECTED = /^\/(assets\/|uploads\/|socket\.io\/|(openapi|asyncapi)\.json$|api\/(me|posts|rooms|commands|identities|sessions|uploads)\b)/;

let site, browser, house, bot;
before(async () => {
  const hostile = { COMMUNITY_SITE__NAME: `Site ${ATTACK}`, COMMUNITY_SITE__DESCRIPTION: `About ${ATTACK}`, COMMUNITY_PLUGINS__DISCORD__NAME: `D ${ATTACK}`.slice(0, 32) };
  [site, browser] = await Promise.all([start({ ...BOTS, ...guest("NAUGHTY", "naughty_bot", NAUGHTY), ...hostile }), launch()]);
  house = await furnish(browser, site, (text) => `${text} ${ATTACK}`);
  await bot_speaks();
  const reacting = await connect({ extraHeaders: { cookie: await cookies(house.ann) } });
  await ask(reacting, "message:react", { messageId: house.last, emoji: "👍", on: true });
  reacting.disconnect();
  const attachments = [`https://evil.example/"onerror=alert(1)//<img>.png`, `${site.base}/uploads/%2e%2e/api/logout`];
  const file = { name: "<img src=x onerror=alert(1)>.png", mimeType: "image/png", buffer: PNG };
  await house.ann.page.request.post("/api/upload", { multipart: { file } });
  const { page } = house.bob;
  await page.request.post("/api/posts", { data: { title: "Attached", body: `![x](${attachments[1]}) ![x](${attachments[0]})`, attachments } });
  await page.request.post(`/api/rooms/${house.room}/messages`, { data: { body: "Files", attachments } });
});
after(async () => {
  bot?.disconnect();
  await browser?.close();
  await site?.stop();
});

const cookies = async ({ context }) => (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");

async function connect(options) {
  const socket = io(site.base, { transports: ["websocket"], forceNew: true, ...options });
  await new Promise((resolve, reject) => socket.on("connect", resolve).on("connect_error", reject));
  return socket;
}

async function ask(socket, event, payload) {
  const answer = await socket.timeout(10_000).emitWithAck(event, payload);
  assert.ok(answer.ok, JSON.stringify(answer));
}

async function bot_speaks() {
  bot = await connect({ auth: { botToken: site.bot.token, botId: "mallory", botName: "Bot <img src=x onerror=alert(1)>" } });
  await ask(bot, "room:join", { roomId: house.room });
  await ask(bot, "message:send", { roomId: house.room, body: ATTACK, clientId: "h-1" });
}

/** Gathers whatever a page does that it should not. */
function watch(page, faults) {
  page.on("dialog", (dialog) => {
    faults.push(`a dialog says ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (["data:", "blob:"].includes(url.protocol)) return;
    const own = url.host === new URL(site.base).host;
    const isPage = request.isNavigationRequest() && request.frame() === page.mainFrame();
    const isFile = request.resourceType() !== "image" || /^\/(assets|uploads)\//.test(url.pathname);
    if (!own || !(isPage || (EXPECTED.test(url.pathname) && isFile))) faults.push(`${request.resourceType()} ${url.href}`);
  });
}

const RUNS = "script:not([src]), iframe, object, embed, base, [onerror], [onload], [onclick], a[href^='javascript' i], a[href^='data' i]";

test("nothing that somebody wrote runs on any page, or loads anything", async () => {
  const faults = [];
  const look = async (page, name) => {
    const found = await page.locator(RUNS).evaluateAll((elements) => elements.map((element) => element.outerHTML));
    assert.deepEqual(found, [], name);
    assert.deepEqual(faults, [], name);
  };
  await visit(browser, site, house, { userAgent: AGENT, viewport: { width: 1280, height: 844 } }, look, { begin: (page) => watch(page, faults) });
});

test("what passes does not run, either: who is writing, who reacted, what is read out, and where one is signed in", async () => {
  const faults = [];
  const ann = await visitor(browser, site, { userAgent: AGENT });
  watch(ann.page, faults);
  await house.ann.sign_in(ann.context);
  for (const { page } of [ann, house.bob]) await open_connected(page, `/rooms/${house.room}`);
  await house.bob.page.getByRole("textbox", { name: /^Message to/ }).pressSequentially("Some");
  await ann.page.locator(".typing").filter({ hasText: "Bob <img" }).waitFor();
  await ask(bot, "message:send", { roomId: house.room, body: ATTACK, clientId: "h-2" });
  await ann.page.getByRole("log").getByText("<script>").first().waitFor({ state: "attached" });
  await ann.page.locator(".quote", { hasText: "onerror" }).first().waitFor();
  assert.match(await ann.page.locator(".reactions button").first().getAttribute("title"), /Ann <img/);
  await open(ann.page, "/settings/");
  await ann.page.getByRole("region", { name: "Your files" }).getByText("<img src=x").waitFor();
  assert.deepEqual([...faults, ...ann.faults], []);
});

/** Waits until the plugin's bot has come, and gives what the API says of its commands. */
async function commands_of_plugin({ request }) {
  for (let tries = 0; tries < 200; tries += 1) {
    const { commands } = await (await request.get(`/api/commands?roomId=${house.room}`)).json();
    const its = commands.filter(({ name }) => ["naughty", "choose"].includes(name));
    if (its.length) return its;
    await new Promise((go_on) => setTimeout(go_on, 50));
  }
  return assert.fail("the bot of the plugin did not come");
}

test("nor does what a plugin says run: its name, its commands and what they take, its suggestions, answers, messages and refusals", async () => {
  const faults = [];
  const ann = await visitor(browser, site, { userAgent: AGENT });
  const { page } = ann;
  watch(page, faults);
  await house.ann.sign_in(ann.context);
  const look = async (name) => {
    const found = await page.locator(RUNS).evaluateAll((elements) => elements.map((element) => element.outerHTML));
    assert.deepEqual([...found, ...faults, ...ann.faults], [], name);
  };
  const its = await commands_of_plugin(ann.context);
  assert.deepEqual(its.map(({ name }) => name).sort(), ["choose", "naughty"]);
  for (const { description, botName, parameters } of its) {
    assert.deepEqual([description, botName, parameters[0].description], [ATTACK, NAUGHTY.NAME, ATTACK], "it comes to the browser as it is");
  }
  await open(page, `/rooms/${house.room}`);
  await page.getByText("After five").waitFor();
  const field = page.getByRole("textbox", { name: /^Message to/ });
  const option = page.getByRole("option").filter({ hasText: ATTACK });

  await field.pressSequentially("/choo");
  await option.filter({ hasText: NAUGHTY.NAME }).waitFor();
  await look("commands");
  await field.press("Tab");
  await page.locator(".usage").filter({ hasText: ATTACK }).waitFor();
  await page.getByRole("status").filter({ hasText: ATTACK }).waitFor({ state: "attached" });
  await option.waitFor();
  await look("choices");
  await field.press("Tab");
  await look("a choice that was taken");
  await field.fill(`/naughty ${ATTACK}`);
  await option.filter({ hasText: "Ok(())" }).waitFor();
  await look("suggestions");

  await field.press("Escape");
  await field.press("Enter");
  const answer = page.locator("li.ephemeral").filter({ hasText: `done: ${ATTACK}` });
  await answer.getByText(NAUGHTY.NAME).first().waitFor();
  await page.getByRole("log").getByText(`Only to you, ${NAUGHTY.NAME}`).waitFor({ state: "attached" });
  await look("an answer");
  await field.fill(`naughty send ${ATTACK}`);
  await field.press("Enter");
  const message = page.locator("li.message:not(.ephemeral)").filter({ hasText: NAUGHTY.NAME });
  await message.getByText("<script>alert(1)</script>").first().waitFor();
  await look("a message");
  await field.fill(`naughty before reject-saying ${ATTACK}`);
  await field.press("Enter");
  await page.locator("form.say-something").getByRole("alert").filter({ hasText: ATTACK }).waitFor();
  await look("a refusal");
  await page.locator(".room-head").getByRole("button", { name: /members?$/ }).click();
  await page.getByRole("dialog").getByText(NAUGHTY.NAME).first().waitFor();
  await look("members");
});
