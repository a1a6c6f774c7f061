// The real binary with a data folder of its own, real mail and OAuth servers, and real browsers before them.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

export const { io } = createRequire(import.meta.url)("socket.io-client");

const root = join(import.meta.dirname, "../../..");
const needed = (name) => process.env[name] ?? fail(`${name} is not set: run .ci/browser`);
const fail = (text) => {
  throw new Error(text);
};

const setting = (plugin, key) => `COMMUNITY_PLUGINS__${plugin}__${key}`;

/** A bot of `plugins/test-guests` that may do everything and is in every room. */
export const guest = (id, name, section = {}) => {
  const component = join(process.env.COMMUNITY_GUESTS_DIR ?? join(root, "plugins/target/wasm32-wasip2/release"), `test_${name}.wasm`);
  const grants = "chat-read,chat-write,posts-read,posts-write,members,moderation,store,secrets,schedule,http";
  const all = { COMPONENT: component, DEV: "true", GRANTS: grants, ROOMS: "all", ...section };
  return Object.fromEntries(Object.entries(all).map(([key, value]) => [setting(id, key), value]));
};

/** The bundled bots: the assistant in every room, the moderator where it is invited. Nobody is welcomed: only what people say is in rooms. */
export const BOTS = {
  [setting("OPENCLAW", "ROOMS")]: "all",
  [setting("OPENCLAW", "SETTINGS__WELCOME")]: "",
  [setting("MODERATOR", "ENABLED")]: "true",
  [setting("MODERATOR", "SETTINGS__WORDS")]: "glyphosate",
};

/** Everything that one run of the tests shares. `more` is added to the environment of the server. */
export async function start(more = {}) {
  const folder = mkdtempSync(join(tmpdir(), "community-web-"));
  const tools = join(root, "core/tests/tools");
  const children = [];
  /** Starts a helper that says in its first line of JSON where it is, and ends with us. */
  const helper = async (command, ...args) => {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    children.push(child);
    const [line] = await Promise.race([once(createInterface(child.stdout), "line"), once(child, "exit").then(() => fail(`${args[0]} ended at its start`))]);
    return JSON.parse(line);
  };
  const sink = await helper(needed("COMMUNITY_TEST_PYTHON"), join(tools, "smtp_sink.py"));
  const oauth = await helper(process.execPath, join(tools, "oauth_servers.mjs"), join(needed("COMMUNITY_TEST_TOOLS"), "npm/node_modules"));
  const discord = oauth.servers.discord;
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const plugin = (key) => setting("DISCORD", key);
  const env = {
    PATH: process.env.PATH,
    COMMUNITY_DATA_DIR: join(folder, "data"),
    PORT: String(port),
    SMTP_URL: `smtp://127.0.0.1:${sink.smtp}`,
    CHAT_BOT_TOKEN: BOT_TOKEN,
    // Many people sign up from one address here.
    COMMUNITY_LIMITS__ENABLED: "false",
    [plugin("ALLOW_PRIVATE")]: "true",
    [plugin("SETTINGS__CLIENT_ID")]: "discord-id",
    [plugin("SETTINGS__CLIENT_SECRET")]: "discord-secret",
    [plugin("SETTINGS__AUTHORIZE_URL")]: `${discord}/api/oauth2/authorize`,
    [plugin("SETTINGS__TOKEN_URL")]: `${discord}/api/oauth2/token`,
    [plugin("SETTINGS__API_URL")]: `${discord}/api/v10/users/@me`,
    ...more,
  };
  const binary = needed("COMMUNITY_BINARY");
  // Set COMMUNITY_LOG to see what the server says.
  const log = process.env.COMMUNITY_LOG ? "inherit" : "ignore";
  let server = null;
  const site = {
    base,
    bot: { token: BOT_TOKEN },
    /** Starts the server, for the first time or again, and waits until it answers. */
    async serve() {
      server = spawn(binary, ["serve"], { cwd: folder, env, stdio: ["ignore", log, log] });
      for (let tries = 0; ; tries += 1) {
        const ready = await fetch(`${base}/readyz`).then((answer) => answer.ok, () => false);
        if (ready) return;
        if (tries > 600 || server.exitCode !== null) fail("the server did not become ready");
        await new Promise((go_on) => setTimeout(go_on, 50));
      }
    },
    async kill() {
      const ended = once(server, "exit");
      server.kill("SIGKILL");
      await ended;
    },
    run: (args, input = "") => execFileSync(binary, args, { cwd: folder, env, input, encoding: "utf8" }).trim(),
    /** The newest mail to `address`. */
    async mail(address, count = 1) {
      const mails = await (await fetch(`http://127.0.0.1:${sink.http}/mails?to=${address}&count=${count}&wait=20`)).json();
      return mails.length >= count ? mails.at(-1) : fail(`only ${mails.length} mails to ${address}`);
    },
    async stop() {
      server?.kill();
      for (const child of children) child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await site.serve();
  return site;
}

const BOT_TOKEN = "a-token-for-the-bot-of-the-browser-tests";

const once = (emitter, event) => new Promise((resolve) => emitter.once(event, (...values) => resolve(values)));

async function freePort() {
  const { createServer } = await import("node:net");
  const server = createServer();
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });

/** The address in a mail. */
export const linkIn = (mail) => /https?:\/\/[^\s"<]+(?:verify\?token=|#reset=)[\w-]+/.exec(mail.text)?.[0] ?? fail(`no link in ${mail.text}`);

let people = 0;

/** Somebody with a browser of their own. Whatever goes wrong in its pages is kept in `person.faults`. */
export async function visitor(browser, site, options = {}) {
  const context = await browser.newContext({ baseURL: site.base, locale: "en-US", ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const faults = [];
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  });
  context.on("page", (page) => {
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("dialog", (dialog) => {
      faults.push(`a dialog said ${dialog.message()}`);
      void dialog.dismiss();
    });
    // An answer that says no, or a network that is gone, is no fault of a page.
    page.on("console", (message) => message.type() === "error" && !/Failed to load resource|WebSocket connection|ERR_INTERNET/.test(message.text()) && faults.push(message.text()));
  });
  const page = await context.newPage();
  return { context, page, faults };
}

/** Somebody who has an account and is signed in. */
export async function member(browser, site, name, options = {}) {
  people += 1;
  const email = `person${people}@example.org`;
  const id = site.run(["user", "create", "--email", email, "--username", name, "--password-stdin"], "correct horse");
  const person = await visitor(browser, site, options);
  const sign_in = async (context) => {
    const [cookie, value] = site.run(["user", "session", email]).split("=");
    await context.addCookies([{ name: cookie, value, url: site.base }]);
  };
  await sign_in(person.context);
  return { ...person, id, name, email, sign_in };
}

/** Waits until the application has taken over. */
export const open = async (page, path) => {
  await page.goto(path);
  await page.locator("#app:not([hidden])").waitFor();
  // What the server rendered is gone.
  await page.waitForFunction(() => document.body.children.length === 1);
};

/** Waits until the browser calls the page `title`. */
export const titled = (page, title) => page.waitForFunction((title) => document.title === title, `${title} · OpenClaw Community`);

/** The bot of the configuration, connected from outside. */
export const bot_of = async (site) => {
  const bot = io(site.base, { transports: ["websocket"], auth: { botToken: site.bot.token, botId: "openclaw", botName: "OpenClaw" } });
  await new Promise((resolve, reject) => bot.on("connect", resolve).on("connect_error", reject));
  return bot;
};

/** Opens a page that hears of what happens, and waits until it does. */
export const open_connected = async (page, path) => {
  const connected = page
    .waitForEvent("websocket", (socket) => socket.url().includes("/socket.io/"))
    // The server's word that the connection stands.
    .then((socket) => socket.waitForEvent("framereceived", ({ payload }) => String(payload).startsWith("40")));
  await Promise.all([connected, open(page, path)]);
};

/** Calls `scroll` until `there` is there, however long each answer takes. */
export const scroll_to = async (there, scroll) => {
  const end = Date.now() + 30_000;
  while ((await there.count()) === 0) {
    if (Date.now() > end) fail(`scrolled in vain to ${there}`);
    await scroll();
    await there.page().waitForTimeout(50);
  }
};

/** A small picture, as a file for inputs and for pastes. */
export const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAJElEQVR42mNgiIoSiYrSiIqyiYoKiIpKiYqqiIrqiYpiGFoSABhwPoE+5bZtAAAAAElFTkSuQmCC", "base64");

/** Drops files onto an element, or pastes them there. */
export const give = (locator, how, files) =>
  locator.evaluate(
    (element, { how, files }) => {
      const data = new DataTransfer();
      for (const { name, type, base64 } of files) {
        data.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name, { type }));
      }
      const options = { bubbles: true, cancelable: true };
      if (how === "drop") element.dispatchEvent(new DragEvent("dragover", { ...options, dataTransfer: data }));
      const event = how === "drop" ? new DragEvent("drop", { ...options, dataTransfer: data }) : new ClipboardEvent("paste", { ...options, clipboardData: data });
      element.dispatchEvent(event);
    },
    { how, files: files.map(({ name, type, content }) => ({ name, type, base64: content.toString("base64") })) },
  );
