// What goes on in rooms while answers are on their way and while one looks elsewhere.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { bot_of, give, launch, member, open, open_connected, PNG, scroll_to, start, titled } from "./support.mjs";

let site, browser, bot, ann;
before(async () => {
  [site, browser] = await Promise.all([start(), launch()]);
  ann = await member(browser, site, "Ann");
  bot = await bot_of(site);
});
after(async () => {
  bot?.disconnect();
  await browser?.close();
  await site?.stop();
});

const ask = async (event, payload) => {
  const answer = await bot.timeout(10_000).emitWithAck(event, payload);
  assert.ok(answer.ok, JSON.stringify(answer));
  return answer;
};
const post = async (person, path, data = {}) => (await person.page.request.post(path, { data })).json();
/** A room of somebody, in which the bot is, too. */
const room_of = async (person, name, access = "open") => {
  const { id } = (await post(person, "/api/rooms", { name, access })).room;
  if (access === "open") await ask("room:join", { roomId: id });
  return id;
};
/** Many messages of the bot, which are there when this is done. */
const fill = async (roomId, from, to) => {
  const sent = [];
  for (let number = from; number < to; number += 1) sent.push((await ask("message:send", { roomId, body: `entry ${number}`, clientId: `${roomId}-${number}` })).message);
  return sent;
};
const field = ({ page }) => page.getByRole("textbox", { name: /^Message to/ });
const message = (person, text) => person.page.locator("li.message:not(.pending)").filter({ hasText: text });
const say = async (person, text) => {
  await field(person).fill(text);
  await field(person).press("Enter");
};
const visit = async (person, id, name) => {
  await person.page.locator(`.room-list a[href="/rooms/${id}"]`).click();
  await person.page.getByRole("textbox", { name: `Message to ${name}`, exact: true }).waitFor();
};
/** Waits until the server knows that somebody has read everything. */
async function has_read(person) {
  for (let tries = 0; tries < 200; tries += 1) {
    const { rooms } = await (await person.page.request.get("/api/rooms")).json();
    if (rooms.every((one) => one.unread === 0)) return;
    await person.page.waitForTimeout(50);
  }
  assert.fail(`${person.name} has not read everything`);
}
const files = ({ page }) => page.locator(".uploads li");
const paste = (person) => give(person.page.locator("form.say-something"), "paste", [{ name: "one.png", type: "image/png", content: PNG }]);
/** Waits until what has happened in a page can be seen there. */
const settled = ({ page }) => page.evaluate(() => new Promise((go_on) => requestAnimationFrame(() => setTimeout(go_on))));
const promise = () => {
  let resolve;
  return { promise: new Promise((go_on) => (resolve = go_on)), resolve };
};

/** Keeps the next answer to `url` from a page: `asked` once it is there, and `release` gives it. With `before`, not even the request leaves. */
async function hold({ page }, url, before = false) {
  const [asked, released, given] = [promise(), promise(), promise()];
  await page.route(
    url,
    async (route) => {
      const early = before ? null : await route.fetch();
      asked.resolve();
      await released.promise;
      await route.fulfill({ response: early ?? (await route.fetch()) }).catch(() => undefined);
      given.resolve();
    },
    { times: 1 },
  );
  return {
    asked: asked.promise,
    async release() {
      released.resolve();
      await given.promise;
    },
  };
}

/** Keeps frames of the socket that have `text` in them from the server, or from the page, while `is_held` says so. */
async function hold_frames({ page }, from, text) {
  const held = { on: false, release: () => {} };
  await page.routeWebSocket(/socket\.io/, (socket) => {
    const server = socket.connectToServer();
    const waiting = [];
    const pass = (target, side) => (frame) => (held.on && side === from && String(frame).includes(text) ? waiting.push(() => target.send(frame)) : target.send(frame));
    socket.onMessage(pass(server, "page"));
    server.onMessage(pass(socket, "server"));
    held.release = () => {
      held.on = false;
      for (const send of waiting.splice(0)) send();
    };
  });
  return held;
}

/** A room with a long history, whose last message answers one from its middle. The reader looks at that one. */
async function far_back(name) {
  const person = await member(browser, site, name);
  const id = await room_of(person, "Long story");
  const sent = await fill(id, 0, 420);
  await ask("message:send", { roomId: id, body: "The latest", clientId: `${id}-latest`, replyTo: sent[200].id });
  await open_connected(person.page, `/rooms/${id}`);
  await message(person, "The latest").locator(".quote button").click();
  await person.page.locator(`[id="${sent[200].id}"].lit`).waitFor();
  return { person, id };
}

const jump = (person) => person.page.locator(".jump").click();

test("who jumps to the newest messages while older ones are on their way finds no hole between them", async () => {
  const { person: kai } = await far_back("Kai");
  const log = kai.page.locator(".log");
  const older = await hold(kai, /\/messages\?before=/);
  await log.evaluate((element) => (element.scrollTop = 0));
  await older.asked;
  await jump(kai);
  await message(kai, "The latest").waitFor();
  await older.release();
  await settled(kai);
  assert.ok(await log.evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 48), "the place stays the same");
  await scroll_to(kai.page.getByText("entry 215", { exact: true }), () => log.evaluate((element) => (element.scrollTop = 0)));
  const numbers = (await kai.page.locator("li.message .text").allTextContents()).flatMap((text) => /^entry (\d+)$/.exec(text.trim())?.[1] ?? []).map(Number);
  for (const [index, number] of numbers.entries()) assert.equal(number, numbers[0] + index);
  assert.deepEqual(kai.faults, []);
});

test("a message that comes while the newest ones are on their way is among them", async () => {
  const { person: lou, id } = await far_back("Lou");
  const newest = await hold(lou, /\/messages\?limit=/);
  await jump(lou);
  await newest.asked;
  await ask("message:send", { roomId: id, body: "Just now", clientId: `${id}-now` });
  await lou.page.getByRole("log").filter({ hasText: "Just now" }).waitFor({ state: "attached" });
  await newest.release();
  await message(lou, "Just now").waitFor();
  await message(lou, "The latest").waitFor();
  assert.deepEqual(lou.faults, []);
});

test("a file goes on its way while one looks into another room, and is there when one comes back or loads the page again", async () => {
  const eva = await member(browser, site, "Eva");
  const [one, other] = [await room_of(eva, "One"), await room_of(eva, "Other")];
  await open_connected(eva.page, `/rooms/${one}`);
  await field(eva).fill("With a file");
  for (const again of [() => visit(eva, one, "One"), () => open(eva.page, `/rooms/${one}`)]) {
    const upload = await hold(eva, "**/api/upload", true);
    await paste(eva);
    await upload.asked;
    await visit(eva, other, "Other");
    assert.equal(await files(eva).count(), 0);
    const had = await eva.page.evaluate((key) => localStorage.getItem(key).split("/uploads/").length, `unsent:${eva.id}:${one}`);
    await upload.release();
    await eva.page.waitForFunction(([key, had]) => localStorage.getItem(key).split("/uploads/").length > had, [`unsent:${eva.id}:${one}`, had]);
    await again();
    await files(eva).nth(had - 1).waitFor();
    assert.equal(await eva.page.locator("progress").count(), 0);
  }
  await field(eva).press("Enter");
  await message(eva, "With a file").getByRole("img", { name: "Attached picture" }).nth(1).waitFor();
  assert.deepEqual(eva.faults, []);
});

test("a file on its way into a room is not sent on when one leaves that room", async () => {
  const fay = await member(browser, site, "Fay");
  const id = await room_of(fay, "Left");
  await open_connected(fay.page, `/rooms/${id}`);
  const upload = await hold(fay, "**/api/upload", true);
  await paste(fay);
  await upload.asked;
  const ended = fay.page.waitForEvent("requestfailed", (request) => request.url().endsWith("/api/upload"));
  await post(fay, `/api/rooms/${id}/leave`);
  await ended;
  await upload.release();
  assert.deepEqual(fay.faults, []);
});

test("of many rooms the latest are kept up to date, and what was begun in the others stays", async () => {
  const mia = await member(browser, site, "Mia");
  const ids = [];
  for (let number = 0; number < 13; number += 1) ids.push(await room_of(mia, `Bed ${number}`));
  await open_connected(mia.page, `/rooms/${ids[0]}`);
  await field(mia).fill("Half a sentence");
  await visit(mia, ids[1], "Bed 1");
  await say(mia, "To be changed");
  await message(mia, "To be changed").hover();
  await message(mia, "To be changed").getByRole("button", { name: "Edit" }).click();
  await field(mia).fill("Half changed");
  for (let number = 2; number < 13; number += 1) await visit(mia, ids[number], `Bed ${number}`);
  await mia.context.setOffline(true);
  await mia.page.getByRole("status").getByText("The connection is lost.").waitFor({ timeout: 60_000 });
  const asked = new Set();
  mia.page.on("request", (request) => asked.add(/\/api\/rooms\/([^/?]+)$/.exec(request.url())?.[1]));
  await mia.context.setOffline(false);
  await ask("message:send", { roomId: ids[12], body: "Back again", clientId: "back" });
  await message(mia, "Back again").waitFor();
  asked.delete(undefined);
  assert.deepEqual([...asked].sort(), ids.slice(3).sort());
  await visit(mia, ids[0], "Bed 0");
  assert.equal(await field(mia).inputValue(), "Half a sentence");
  await visit(mia, ids[1], "Bed 1");
  assert.equal(await field(mia).inputValue(), "Half changed");
  await field(mia).press("Enter");
  await message(mia, "Half changed").waitFor();
  assert.equal(await field(mia).inputValue(), "");
  assert.deepEqual(mia.faults, []);
});

test("a room in which very much is said while nobody looks is read again by who looks", async () => {
  const ned = await member(browser, site, "Ned");
  const [busy, quiet] = [await room_of(ned, "Busy"), await room_of(ned, "Quiet")];
  await open_connected(ned.page, `/rooms/${busy}`);
  await field(ned).waitFor();
  await visit(ned, quiet, "Quiet");
  await fill(busy, 0, 610);
  await ned.page.getByRole("link", { name: /Busy.*610 unread/ }).waitFor();
  const read = ned.page.waitForRequest((request) => request.url().endsWith(`/api/rooms/${busy}`));
  await visit(ned, busy, "Busy");
  await read;
  await ned.page.getByText("entry 609", { exact: true }).waitFor();
  assert.deepEqual(ned.faults, []);
});

test("a change that is saved late ends nothing else that was begun meanwhile, and one that was begun is there when one comes back", async () => {
  const ida = await member(browser, site, "Ida");
  const [id, other] = [await room_of(ida, "Edits"), await room_of(ida, "Other")];
  const edits = await hold_frames(ida, "page", "message:edit");
  await open_connected(ida.page, `/rooms/${id}`);
  for (const text of ["First", "Second"]) await say(ida, text);
  const change = async (text) => {
    await message(ida, text).hover();
    await message(ida, text).getByRole("button", { name: "Edit" }).click();
  };
  edits.on = true;
  await change("First");
  await field(ida).fill("One, changed");
  await field(ida).press("Enter");
  await ida.page.getByRole("button", { name: "Save", disabled: true }).waitFor();
  await change("Second");
  await field(ida).fill("Two, half cha");
  edits.release();
  await message(ida, "One, changed").waitFor();
  await settled(ida);
  assert.equal(await field(ida).inputValue(), "Two, half cha");

  await visit(ida, other, "Other");
  assert.equal(await field(ida).inputValue(), "");
  await visit(ida, id, "Edits");
  assert.equal(await field(ida).inputValue(), "Two, half cha");
  await field(ida).press("Enter");
  await message(ida, "Two, half cha").waitFor();
  await ida.page.getByRole("button", { name: "Send" }).waitFor();
  assert.deepEqual(ida.faults, []);
});

test("the Enter that ends a composition sends nothing, though Safari does not say that it is composing", async () => {
  const rin = await member(browser, site, "Rin");
  await open_connected(rin.page, `/rooms/${await room_of(rin, "かな")}`);
  await field(rin).fill("かな");
  const is_left_alone = await field(rin).evaluate((area) => area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, bubbles: true, cancelable: true })));
  assert.ok(is_left_alone);
  assert.equal(await field(rin).inputValue(), "かな");
  await field(rin).press("Enter");
  await message(rin, "かな").waitFor();
});

test("a list of rooms that comes late brings back neither what was read since nor what an earlier one did not know", async () => {
  const gus = await member(browser, site, "Gus");
  const [news, elsewhere] = [await room_of(gus, "News"), await room_of(gus, "Elsewhere")];
  const more = [await room_of(ann, "Third"), await room_of(ann, "Fourth"), await room_of(ann, "Fifth")];
  const enter = (id) => post(gus, `/api/rooms/${id}/join`);
  const link = (name) => gus.page.getByRole("link", { name });
  await open_connected(gus.page, `/rooms/${elsewhere}`);
  await field(gus).waitFor();
  await fill(news, 0, 2);
  await link(/News.*2 unread/).waitFor();
  // Entering a room in another way makes the list be asked for.
  const late = await hold(gus, /\/api\/rooms$/);
  await enter(more[0]);
  await late.asked;
  await visit(gus, news, "News");
  await has_read(gus);
  await visit(gus, elsewhere, "Elsewhere");
  await late.release();
  await link("Third").waitFor();
  assert.equal(await link(/News.*unread/).count(), 0);

  const overtaken = await hold(gus, /\/api\/rooms$/);
  await enter(more[1]);
  await overtaken.asked;
  await enter(more[2]);
  await link("Fifth").waitFor();
  await overtaken.release();
  await settled(gus);
  assert.equal(await link("Fifth").count(), 1);
  assert.deepEqual(gus.faults, []);
});

test("what was under way when the session ended is kept for whom it is from, and for nobody else", async () => {
  const zoe = await member(browser, site, "Zoë");
  const id = await room_of(zoe, "Ending");
  const sending = await hold_frames(zoe, "page", "message:send");
  await open_connected(zoe.page, `/rooms/${id}`);
  sending.on = true;
  await say(zoe, "/slow");
  await zoe.page.locator("li.pending").waitFor();
  await field(zoe).fill("Half a sentence");
  const cookies = (await zoe.context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  await fetch(`${site.base}/api/logout`, { method: "POST", headers: { Cookie: cookies } });
  await zoe.page.getByText("You were signed out.").waitFor();
  await zoe.page.waitForFunction((begin) => Object.keys(localStorage).some((key) => key.startsWith(begin) && JSON.parse(localStorage.getItem(key)).problem), `outbox:${zoe.id}:`);
  const owners = await zoe.page.evaluate(() => Object.keys(localStorage).map((key) => key.split(":")[1]));
  assert.deepEqual([...new Set(owners)], [zoe.id]);
  assert.deepEqual(zoe.faults, []);
});

test("who leaves a room on a slow line, and goes on meanwhile, stays where they are", async () => {
  const max = await member(browser, site, "Max");
  const [id, other] = [await room_of(max, "Slow"), await room_of(max, "Other")];
  await open_connected(max.page, `/rooms/${id}`);
  const leaving = await hold(max, /\/leave$/, true);
  await max.page.locator(".room-head summary").click();
  await max.page.getByRole("button", { name: "Leave room" }).click();
  await max.page.getByRole("dialog").getByRole("button", { name: "Leave room" }).click();
  await leaving.asked;
  await visit(max, other, "Other");
  await leaving.release();
  await max.page.getByRole("link", { name: "Slow" }).waitFor({ state: "detached" });
  await settled(max);
  assert.equal(new URL(max.page.url()).pathname, `/rooms/${other}`);
  assert.deepEqual(max.faults, []);
});

test("a room's settings are saved once, however often Enter is pressed", async () => {
  const pia = await member(browser, site, "Pia");
  await open_connected(pia.page, `/rooms/${await room_of(pia, "Once")}`);
  const [saved, { promise: released, resolve: release }] = [[], promise()];
  await pia.page.route(/\/api\/rooms\/[^/]+$/, async (route) => {
    if (route.request().method() !== "PATCH") return route.fallback();
    saved.push(route.request().postDataJSON().name);
    await released;
    return route.continue();
  });
  await pia.page.locator(".room-head summary").click();
  await pia.page.getByRole("button", { name: "Room settings" }).click();
  const name = pia.page.getByRole("dialog").getByLabel("Room name");
  await name.fill("שדה");
  assert.equal(await name.evaluate((input) => getComputedStyle(input).direction), "rtl");
  await name.press("Enter");
  await name.press("Enter");
  release();
  await pia.page.getByRole("heading", { name: "שדה" }).waitFor();
  await pia.page.getByRole("dialog").waitFor({ state: "detached" });
  assert.deepEqual(saved, ["שדה"]);
  assert.deepEqual(pia.faults, []);
});

/** Waits until the focus is at `locator`. */
const gets_focus = async (locator) => {
  const handle = await locator.elementHandle();
  await locator.page().waitForFunction((one) => document.activeElement === one, handle);
};

test("the keyboard goes on beside a member who was removed, and beside an invitation that was declined", async () => {
  const id = await room_of(ann, "Short");
  for (const name of ["Lea", "Uwe"]) await post(await member(browser, site, name), `/api/rooms/${id}/join`);
  await open_connected(ann.page, `/rooms/${id}`);
  await ann.page.locator(".room-head").getByRole("button", { name: /members/ }).press("Enter");
  const people = ann.page.getByRole("dialog", { name: "Members" });
  const remove = async (name) => {
    await people.getByRole("button", { name: `Remove ${name}` }).press("Enter");
    await ann.page.getByRole("dialog", { name: `Remove ${name} from` }).getByRole("button", { name: "Remove" }).press("Enter");
    await people.getByRole("listitem").filter({ hasText: name }).waitFor({ state: "detached" });
  };
  await remove("Lea");
  await gets_focus(people.getByRole("button", { name: "Remove Uwe" }));
  await remove("Uwe");
  // The bot is still there.
  await gets_focus(people.getByRole("button", { name: "Remove OpenClaw" }));
  await remove("OpenClaw");
  await gets_focus(people.getByRole("button", { name: "Close" }).first());

  const kim = await member(browser, site, "Kim");
  for (const name of ["Cellar", "Attic"]) await post(ann, `/api/rooms/${await room_of(ann, name, "invite")}/invite`, { userId: kim.id });
  await open_connected(kim.page, "/rooms/");
  const invited = (name) => kim.page.locator(".invited").filter({ hasText: name });
  await invited("Attic").getByRole("button", { name: "Decline" }).press("Enter");
  await invited("Attic").waitFor({ state: "detached" });
  await gets_focus(invited("Cellar").getByRole("button", { name: "Decline" }));
  await invited("Cellar").getByRole("button", { name: "Decline" }).press("Enter");
  await invited("Cellar").waitFor({ state: "detached" });
  await gets_focus(kim.page.getByRole("button", { name: "New room" }));
  assert.deepEqual([...ann.faults, ...kim.faults], []);
});

test("a quote is cut between characters, and written in the direction of its script", async () => {
  const noa = await member(browser, site, "Noa");
  const id = await room_of(noa, "Quotes");
  const { message: long } = await ask("message:send", { roomId: id, body: `${"ש".repeat(119)}🌱🌱`, clientId: `${id}-long` });
  await ask("message:send", { roomId: id, body: "An answer", clientId: `${id}-answer`, replyTo: long.id });
  await open_connected(noa.page, `/rooms/${id}`);
  const quote = message(noa, "An answer").locator(".quote span");
  assert.equal(await quote.textContent(), `${"ש".repeat(119)}🌱`);
  assert.equal(await quote.evaluate((one) => getComputedStyle(one).direction), "rtl");
});

test("outside of rooms a message is counted once, whether the server counts it before or after it is heard of", async () => {
  const uli = await member(browser, site, "Uli");
  const id = await room_of(uli, "News");
  const news = await hold_frames(uli, "server", "message:new");
  // The page asks by itself when it is new.
  const asked = uli.page.waitForResponse(/\/api\/rooms$/);
  await open_connected(uli.page, "/posts/");
  await asked;
  let number = 0;
  const hears = () => fill(id, number, ++number);
  const looks = () => uli.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await hears();
  await titled(uli.page, "(1) Posts");

  const late = await hold(uli, /\/api\/rooms$/);
  await looks();
  await late.asked;
  await hears();
  await titled(uli.page, "(2) Posts");
  await late.release();
  await settled(uli);
  assert.equal(await uli.page.title(), "(2) Posts · OpenClaw Community");

  news.on = true;
  await hears();
  await looks();
  await titled(uli.page, "(3) Posts");
  news.release();
  await settled(uli);
  assert.equal(await uli.page.title(), "(3) Posts · OpenClaw Community");
  await hears();
  await titled(uli.page, "(4) Posts");
  assert.deepEqual(uli.faults, []);
});
