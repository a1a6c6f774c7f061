// Talking in rooms: two people with a browser each, and a bot.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { bot_of, give, io, launch, member, open, open_connected, PNG, scroll_to, start, titled, visitor } from "./support.mjs";

let site, browser, ann, bob, bot, room;
before(async () => {
  [site, browser] = await Promise.all([start(), launch()]);
  [ann, bob] = [await member(browser, site, "Ann"), await member(browser, site, "Bob")];
  bot = await bot_of(site);
});
after(async () => {
  bot?.disconnect();
  await browser?.close();
  await site?.stop();
});

const say = async (person, text) => {
  const area = person.page.getByRole("textbox", { name: /^Message to/ });
  await area.fill(text);
  await area.press("Enter");
};
const message = (person, text) => person.page.locator("li.message:not(.pending)").filter({ hasText: text });
const ask = async (event, payload) => {
  const answer = await bot.timeout(10_000).emitWithAck(event, payload);
  assert.ok(answer.ok, JSON.stringify(answer));
  return answer;
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

test("a room is made, somebody is invited, and both talk with a bot among them", async () => {
  await open(ann.page, "/rooms/");
  await ann.page.getByText("You are in no room yet.").waitFor();
  await ann.page.getByRole("button", { name: "New room" }).click();
  await ann.page.getByLabel("Room name").fill("Greenhouse");
  await ann.page.getByLabel("By invitation only").check();
  await ann.page.getByRole("button", { name: "Create room" }).click();
  await ann.page.getByRole("heading", { name: "Greenhouse" }).waitFor();
  room = new URL(ann.page.url()).pathname.split("/").at(-1);

  await open(bob.page, "/rooms/");
  await ann.page.getByRole("button", { name: "Invite" }).click();
  const dialog = ann.page.getByRole("dialog");
  for (const [kind, who] of [["Email address", "somebody@example.org"], ["Discord id", "80351110224678912"], ["Member or bot id", bob.id]]) {
    await dialog.getByLabel("Invite by").selectOption(kind);
    await dialog.getByLabel(kind, { exact: true }).fill(who);
    await dialog.getByRole("button", { name: "Invite" }).click();
    await dialog.getByText(`${who} is invited.`).waitFor();
  }
  await dialog.getByLabel("Invite by").selectOption("Email address");
  await dialog.getByLabel("Email address").fill("nonsense");
  await dialog.getByRole("button", { name: "Invite" }).click();
  await dialog.getByRole("alert").filter({ hasNotText: "is invited" }).filter({ hasText: /\w/ }).waitFor();
  // Nobody signs in with Reddit here, so a mere name is nobody's, and is not offered as one.
  const kinds = await dialog.getByLabel("Invite by").locator("option").allTextContents();
  assert.deepEqual(kinds, ["Member or bot id", "Email address", "Discord id"]);
  await dialog.getByLabel("Invite by").selectOption("Member or bot id");
  for (const who of ["Bob", "reddit_bob"]) {
    await dialog.getByLabel("Member or bot id").fill(who);
    await dialog.getByRole("button", { name: "Invite" }).click();
    await dialog.getByRole("alert").getByText(`Nobody can be found here as “${who}”.`).waitFor();
  }
  await dialog.getByLabel("Member or bot id").fill("80351110224678912");
  await dialog.getByRole("button", { name: "Invite" }).click();
  await dialog.getByText("80351110224678912 (Discord) is invited.").waitFor();
  await ann.page.keyboard.press("Escape");

  await bob.page.getByRole("button", { name: "Enter" }).click();
  await bob.page.getByRole("heading", { name: "Greenhouse" }).waitFor();
  await ask("room:join", { roomId: room });
  await say(bob, "Hello **everybody**");
  await message(ann, "everybody").locator("strong", { hasText: "everybody" }).waitFor();
  await ask("message:send", { roomId: room, body: "I am a bot.", clientId: "b-1" });
  await message(bob, "I am a bot.").getByText("Bot", { exact: true }).waitFor();
  // It is read out, by what nobody sees.
  await ann.page.getByRole("log").filter({ hasText: "OpenClaw: I am a bot." }).waitFor({ state: "attached" });
  const members = ann.page.getByRole("complementary", { name: "Members" });
  await members.getByRole("listitem").filter({ hasText: "Bob" }).filter({ hasText: "online" }).waitFor();
});

test("others see that somebody writes, replies, edits, reacts and deletes", async () => {
  await bob.page.getByRole("textbox", { name: /^Message to/ }).pressSequentially("Some");
  await ann.page.getByText("Bob is writing…").waitFor();
  await say(bob, "A question?");
  await message(ann, "A question?").hover();
  await message(ann, "A question?").getByRole("button", { name: "Reply" }).click();
  await say(ann, "An answer.");
  await message(bob, "An answer.").locator(".quote", { hasText: "A question?" }).waitFor();

  await message(ann, "An answer.").hover();
  await message(ann, "An answer.").getByRole("button", { name: "Edit" }).click();
  const area = ann.page.getByRole("textbox", { name: /^Message to/ });
  await area.fill("A better answer.");
  await area.press("Enter");
  await message(bob, "A better answer.").getByText("(edited)").waitFor();

  await message(bob, "A better answer.").hover();
  await message(bob, "A better answer.").getByRole("button", { name: "React", exact: true }).click();
  await bob.page.getByRole("button", { name: "React with 🎉" }).click();
  const reaction = message(ann, "A better answer.").getByRole("button", { name: "🎉: 1" });
  await reaction.click();
  await message(bob, "A better answer.").getByRole("button", { name: "🎉: 2" }).waitFor();

  await message(ann, "A better answer.").hover();
  await message(ann, "A better answer.").getByRole("button", { name: "Delete" }).click();
  await ann.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await bob.page.getByText("This message was deleted.").waitFor();
  assert.equal(await message(bob, "A better answer.").count(), 0);
});

test("the keyboard moves from message to message and reaches what can be done with one", async () => {
  // The mouse must not stand on a message, or that one would be the one that Tab leads to.
  await ann.page.mouse.move(0, 0);
  await ann.page.getByRole("textbox", { name: /^Message to/ }).focus();
  await ann.page.locator("li.message[tabindex='0']").focus();
  const place = () => ann.page.evaluate(() => document.activeElement.closest("li.message")?.id);
  const last = await place();
  await ann.page.keyboard.press("ArrowUp");
  const other = await place();
  assert.ok(other && other !== last);
  await ann.page.keyboard.press("ArrowUp");
  await ann.page.keyboard.press("Tab");
  assert.ok(await ann.page.evaluate(() => document.activeElement.closest(".message") !== null && document.activeElement.matches("button")));
});

test("messages written without a connection are sent when it is back, and nothing that others did meanwhile is missing", async () => {
  await bob.context.setOffline(true);
  await bob.page.getByRole("status").getByText("The connection is lost.").waitFor({ timeout: 60_000 });
  await say(bob, "Written in the dark 1");
  await say(bob, "Written in the dark 2");
  await bob.page.locator("li.pending").filter({ hasText: "Waiting for the connection" }).first().waitFor();
  const first = (await ask("message:send", { roomId: room, body: "meanwhile 0", clientId: "m-0" })).message;
  for (let number = 1; number < 120; number += 1) await ask("message:send", { roomId: room, body: `meanwhile ${number}`, clientId: `m-${number}` });
  await ask("message:edit", { messageId: first.id, body: "meanwhile 0, corrected" });
  // Also a page that was closed in between loses nothing that was written in it.
  await bob.context.setOffline(false);
  await message(bob, "Written in the dark 2").waitFor();
  await message(bob, "meanwhile 119").waitFor();
  await message(bob, "meanwhile 0, corrected").waitFor();
  const texts = await bob.page.locator("li.message .text").allTextContents();
  const count = (text) => texts.filter((one) => one.trim() === text).length;
  for (let number = 1; number < 120; number += 1) assert.equal(count(`meanwhile ${number}`), 1, `meanwhile ${number}`);
  assert.equal(count("Written in the dark 1"), 1);
  assert.ok(texts.findIndex((text) => text.includes("dark 1")) < texts.findIndex((text) => text.includes("dark 2")), "in the order in which they were written");
  await message(ann, "Written in the dark 2").waitFor();
  assert.equal(await ann.page.locator("li.message").filter({ hasText: "Written in the dark 1" }).count(), 1);
});

test("a server that is killed and started again loses nothing, and what was written meanwhile arrives", async () => {
  await say(ann, "Before the crash");
  await message(bob, "Before the crash").waitFor();
  await site.kill();
  await ann.page.getByText("The connection is lost.").waitFor();
  await say(ann, "During the crash");
  await site.serve();
  await message(bob, "During the crash").waitFor({ timeout: 30_000 });
  assert.equal(await bob.page.locator("li.message").filter({ hasText: "Before the crash" }).count(), 1);
});

test("what came while one was away is counted and marked, and older messages come while one scrolls up", async () => {
  await has_read(bob);
  await bob.page.getByRole("link", { name: "Posts", exact: true }).first().click();
  await bob.page.getByRole("heading", { level: 1, name: "Posts" }).waitFor();
  await say(ann, "You missed this");
  await message(ann, "You missed this").waitFor();
  await open(bob.page, "/rooms/");
  await bob.page.getByRole("link", { name: /Greenhouse.*1 unread/ }).click();
  await bob.page.locator("li.fresh").waitFor();
  await message(bob, "You missed this").waitFor();
  const log = bob.page.locator(".log");
  await scroll_to(bob.page.getByText("This is where the room begins."), () => log.evaluate((element) => (element.scrollTop = 0)));
  await message(bob, "Hello everybody").waitFor();
  const ids = await bob.page.locator("li.message").evaluateAll((items) => items.map((item) => item.id));
  assert.equal(ids.length, new Set(ids).size);
  await bob.page.locator(".jump").click();
  await bob.page.waitForFunction(() => {
    const log = document.querySelector(".log");
    return log.scrollTop > 0 && log.scrollHeight - log.scrollTop - log.clientHeight < 1;
  });
});

test("whoever missed more than fits begins reading where they ended", async () => {
  await has_read(bob);
  await bob.page.getByRole("link", { name: "Posts", exact: true }).first().click();
  await bob.page.getByRole("heading", { level: 1, name: "Posts" }).waitFor();
  for (let number = 0; number < 130; number += 1) await ask("message:send", { roomId: room, body: `late ${number}`, clientId: `l-${number}` });
  await open(bob.page, `/rooms/${room}`);
  await bob.page.locator("li.fresh + li.message", { hasText: "late 0" }).waitFor();
  await titled(bob.page, "(99+) Greenhouse");
  await bob.page.locator(".jump").click();
  await message(bob, "late 129").waitFor();
});

test("pictures are sent with a message", async () => {
  await open(ann.page, `/rooms/${room}`);
  await give(ann.page.locator("form.say-something"), "paste", [{ name: "one.png", type: "image/png", content: PNG }]);
  await ann.page.waitForFunction(() => document.querySelector(".uploads li") && !document.querySelector("progress"));
  await say(ann, "A picture");
  await message(bob, "A picture").getByRole("img", { name: "Attached picture" }).waitFor();
});

test("what people write in a room never runs", async () => {
  for (const attack of ["<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "<script>alert(1)</script>", "![x](https://evil.example/x.png)"]) await say(ann, attack);
  await message(bob, "<script>alert(1)</script>").waitFor();
  assert.equal(await bob.page.locator(".log :is(script, iframe, style), .log [onerror], .log a[href^='javascript']").count(), 0);
});

test("whoever is no member may enter an open room by its address, and no other", async () => {
  const zoe = await member(browser, site, "Zoë");
  const vault = await room_of(ann, "Vault", { access: "invite" });
  await open(zoe.page, `/rooms/${vault}`);
  await zoe.page.getByRole("button", { name: "Enter room" }).click();
  await zoe.page.getByRole("heading", { name: "You need an invitation" }).waitFor();
  await titled(zoe.page, "You need an invitation");
  await zoe.page.getByRole("alert").getByText("only those who were invited may enter it").waitFor();
  await zoe.page.getByText(zoe.id).waitFor();
  assert.equal(await zoe.page.getByRole("button", { name: "Enter room" }).count(), 0, "what would fail again is not offered");
  await invite(ann, vault, zoe.id);
  await zoe.page.getByRole("heading", { name: "You are invited to “Vault”." }).waitFor();
  await zoe.page.getByRole("button", { name: "Enter room" }).click();
  await zoe.page.getByRole("heading", { name: "Vault", exact: true }).waitFor();
  const made = await (await ann.page.request.post("/api/rooms", { data: { name: "Open house" } })).json();
  await open(zoe.page, `/rooms/${made.room.id}`);
  await zoe.page.getByRole("button", { name: "Enter room" }).click();
  await zoe.page.getByRole("heading", { name: "Open house" }).waitFor();
  await zoe.page.getByText("Nothing has been said here yet.").waitFor();
  const stranger = await visitor(browser, site);
  await open(stranger.page, `/rooms/${made.room.id}`);
  await stranger.page.getByText("Sign in to see your rooms").waitFor();
  assert.equal(await stranger.page.getByRole("button", { name: "Enter room" }).count(), 0);
  assert.deepEqual([...zoe.faults, ...stranger.faults], []);
});

const room_of = async (person, name, data = {}) => (await (await person.page.request.post("/api/rooms", { data: { name, ...data } })).json()).room.id;
const invite = (person, id, userId) => person.page.request.post(`/api/rooms/${id}/invite`, { data: { userId } });

test("an invitation from before the page was opened is there, can be accepted, and declined", async () => {
  const kim = await member(browser, site, "Kim");
  const [first, second] = [await room_of(ann, "Cellar", { access: "invite" }), await room_of(ann, "Attic", { access: "invite" })];
  for (const id of [first, second]) await invite(ann, id, kim.id);
  await open(kim.page, "/");
  await kim.page.getByRole("link", { name: /Rooms.*unread/ }).waitFor();
  await kim.page.getByRole("link", { name: /Rooms.*unread/ }).click();
  const invited = (name) => kim.page.locator(".invited").filter({ hasText: name });
  await invited("Attic").getByRole("button", { name: "Decline" }).click();
  await invited("Attic").waitFor({ state: "detached" });
  await invited("Cellar").getByRole("button", { name: "Enter" }).click();
  await kim.page.getByRole("heading", { name: "Cellar" }).waitFor();
  await kim.page.getByRole("link", { name: "Rooms", exact: true }).waitFor();
  const { rooms, invites } = await (await kim.page.request.get("/api/rooms")).json();
  assert.deepEqual([rooms.map((one) => one.name), invites], [["Cellar"], []]);
  assert.deepEqual(kim.faults, []);
});

test("whoever leaves a room and enters it again goes on talking there, and so does who was removed and invited again", async () => {
  const lea = await member(browser, site, "Lea");
  const id = await room_of(ann, "Revolving door");
  await open(ann.page, `/rooms/${id}`);
  await open(lea.page, `/rooms/${id}`);
  await lea.page.getByRole("button", { name: "Enter room" }).click();
  await say(lea, "First visit");
  await message(ann, "First visit").waitFor();
  await lea.page.locator(".room-head summary").click();
  await lea.page.getByRole("button", { name: "Leave room" }).click();
  await lea.page.getByRole("dialog").getByRole("button", { name: "Leave room" }).click();
  await lea.page.getByText("Choose a room.").or(lea.page.getByText("You are in no room yet.")).first().waitFor();
  await lea.page.evaluate((path) => {
    const link = Object.assign(document.createElement("a"), { href: path });
    document.querySelector("main").append(link);
    link.click();
    link.remove();
  }, `/rooms/${id}`);
  await lea.page.getByRole("button", { name: "Enter room" }).click();
  await say(lea, "Second visit");
  await message(ann, "Second visit").waitFor();
  await message(lea, "Second visit").waitFor();

  await ann.page.locator(".room-head").getByRole("button", { name: "2 members" }).click();
  const people = ann.page.getByRole("dialog", { name: "Members" });
  await people.getByRole("button", { name: "Remove Lea" }).click();
  await ann.page.getByRole("dialog", { name: /Remove Lea from/ }).getByRole("button", { name: "Remove" }).click();
  await lea.page.getByRole("heading", { name: "You were removed from this room" }).waitFor();
  await titled(lea.page, "You were removed from this room");
  await invite(ann, id, lea.id);
  await lea.page.locator(".invited").getByRole("button", { name: "Enter" }).click();
  await say(lea, "Third visit");
  await message(ann, "Third visit").waitFor({ state: "attached" });
  await people.getByLabel("Role of Lea").selectOption("moderator");
  await lea.page.getByRole("complementary", { name: "Members" }).getByRole("listitem").filter({ hasText: "Lea" }).getByText("Moderator").waitFor();
  await ann.page.keyboard.press("Escape");
  assert.deepEqual([...ann.faults, ...lea.faults], []);
});

test("what the server refuses is said in the dialog that asked for it", async () => {
  const id = await room_of(ann, "To be called");
  await open(ann.page, `/rooms/${id}`);
  const change = async (name) => {
    await ann.page.locator(".room-head summary").click();
    await ann.page.getByRole("button", { name: "Room settings" }).click();
    await ann.page.getByRole("dialog").getByLabel("Room name").fill(name);
    await ann.page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  };
  await change("  ");
  await ann.page.getByRole("dialog").getByRole("alert").filter({ hasText: /\w/ }).waitFor();
  await ann.page.keyboard.press("Escape");
  await change("Called");
  await ann.page.getByRole("heading", { name: "Called" }).waitFor();
  // The others may hear of the change before its answer closes the dialog.
  await ann.page.getByRole("dialog").waitFor({ state: "detached" });

  // A message appears where it can be read and closed: in the dialog that is open.
  await ann.page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  await ann.page.getByRole("button", { name: "Invite" }).click();
  await ann.page.getByRole("dialog").getByRole("button", { name: "Copy" }).click();
  await ann.page.getByRole("dialog").getByRole("alert").getByText("does not let us copy").waitFor();
  await ann.page.getByRole("dialog").getByRole("alert").getByRole("button", { name: "Close" }).click();
  await ann.page.keyboard.press("Escape");
});

test("what was begun in one room is there when one comes back from another", async () => {
  const [one, other] = [await room_of(ann, "One"), await room_of(ann, "Other")];
  await open(ann.page, `/rooms/${one}`);
  const field = () => ann.page.getByRole("textbox", { name: /^Message to/ });
  await field().fill("Half a sen");
  await ann.page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: "Other" }).click();
  await ann.page.getByRole("textbox", { name: "Message to Other" }).waitFor();
  assert.equal(await field().inputValue(), "");
  await ann.page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: "One", exact: true }).click();
  await ann.page.getByRole("textbox", { name: "Message to One" }).waitFor();
  assert.equal(await field().inputValue(), "Half a sen");
});

test("a message whose answer gets lost is sent again while the connection stands", async () => {
  const max = await member(browser, site, "Max");
  const id = await room_of(max, "Holes");
  let holes = 1;
  await max.page.routeWebSocket(/socket\.io/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((frame) => (String(frame).includes("message:send") && holes-- > 0 ? undefined : server.send(frame)));
  });
  await open(max.page, `/rooms/${id}`);
  await say(max, "Through the hole");
  await message(max, "Through the hole").waitFor({ timeout: 40_000 });
  assert.ok(holes < 1, "the first one was lost");
  const { messages } = await (await max.page.request.get(`/api/rooms/${id}/messages`)).json();
  assert.equal(messages.length, 1);
});

test("two windows of one browser keep what each has not sent", async () => {
  const eva = await member(browser, site, "Eva");
  const id = await room_of(eva, "Two windows");
  const second = { page: await eva.context.newPage() };
  for (const one of [eva, second]) {
    await open(one.page, `/rooms/${id}`);
    await one.page.getByRole("textbox", { name: /^Message to/ }).waitFor();
  }
  await eva.context.setOffline(true);
  for (const one of [eva, second]) await one.page.getByRole("status").getByText("The connection is lost.").waitFor({ timeout: 60_000 });
  await say(eva, "From the first");
  await say(second, "From the second");
  await second.page.locator("li.pending").waitFor();
  await second.page.close();
  await eva.page.close();
  await eva.context.setOffline(false);
  eva.page = await eva.context.newPage();
  await open(eva.page, `/rooms/${id}`);
  await message(eva, "From the first").waitFor();
  await message(eva, "From the second").waitFor();
});

test("a change that falls between loading a room and the connection is caught up with", async () => {
  const uma = await member(browser, site, "Uma");
  const id = await room_of(uma, "Gap");
  await ask("room:join", { roomId: id });
  const sent = [];
  for (let number = 0; number < 130; number += 1) sent.push((await ask("message:send", { roomId: id, body: `old ${number}`, clientId: `g-${number}` })).message);
  await uma.page.request.post(`/api/rooms/${id}/read`, { data: { seq: 10 } });
  let connects;
  const changed = new Promise((go_on) => (connects = go_on));
  let stands;
  const stood = new Promise((go_on) => (stands = go_on));
  await uma.page.routeWebSocket(/socket\.io/, async (socket) => {
    await changed;
    const server = socket.connectToServer();
    server.onMessage((frame) => {
      socket.send(frame);
      if (String(frame).startsWith("40")) stands();
    });
  });
  await uma.page.route(/\/messages\?/, async (route) => {
    const response = await route.fetch();
    await ask("message:edit", { messageId: sent[12].id, body: "corrected meanwhile" });
    connects();
    await stood;
    await route.fulfill({ response });
  });
  await open(uma.page, `/rooms/${id}`);
  await message(uma, "corrected meanwhile").waitFor();
  assert.deepEqual(uma.faults, []);
});

test("a window that others of the same person push out stays signed in, and comes back", async () => {
  await open_connected(bob.page, `/rooms/${room}`);
  const cookies = (await bob.context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const others = [];
  const back = bob.page.waitForEvent("websocket");
  // As many as one person may have: the first of all has to go.
  for (let number = 0; number < 30; number += 1) {
    const other = io(site.base, { transports: ["websocket"], extraHeaders: { Cookie: cookies }, forceNew: true, reconnection: false });
    others.push(other);
    await new Promise((resolve, reject) => other.on("connect", resolve).on("connect_error", reject));
  }
  await back;
  for (const other of others) other.disconnect();
  await ask("message:send", { roomId: room, body: "Who is still here?" });
  await message(bob, "Who is still here?").waitFor();
  assert.equal(await bob.page.getByText("You were signed out.").count(), 0);
});

test("a session that ended while the connection was away signs the room's window out", async () => {
  const other = await visitor(browser, site);
  await bob.sign_in(other.context);
  await open(other.page, `/rooms/${room}`);
  await other.page.getByRole("heading", { name: "Greenhouse" }).waitFor();
  const cookies = (await other.context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  await other.context.setOffline(true);
  await other.page.getByRole("status").getByText("The connection is lost.").waitFor({ timeout: 60_000 });
  await fetch(`${site.base}/api/logout`, { method: "POST", headers: { Cookie: cookies } });
  await other.context.setOffline(false);
  await other.page.getByText("You were signed out.").first().waitFor();
});

test("a session that is ended elsewhere signs a room's window out at once", async () => {
  const other = await visitor(browser, site);
  await bob.sign_in(other.context);
  await open(other.page, `/rooms/${room}`);
  await other.page.getByRole("heading", { name: "Greenhouse" }).waitFor();
  await open(bob.page, "/settings/");
  await bob.page.getByRole("button", { name: "End", exact: true }).first().click();
  await other.page.getByText("You were signed out.").first().waitFor();
  await other.page.getByText("Sign in to see your rooms").waitFor();
  assert.deepEqual([...ann.faults, ...bob.faults, ...other.faults], []);
});

const field = (person) => person.page.getByRole("textbox", { name: /^Message to/ });
const enter = (person, id) => person.page.request.post(`/api/rooms/${id}/join`, { data: {} });
const visit = (person, name) => person.page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name }).click();
const offline = async (person) => {
  await person.context.setOffline(true);
  await person.page.getByRole("status").getByText("The connection is lost.").waitFor({ timeout: 60_000 });
};
/** Lets a page believe that somebody sees it, or that nobody does. */
const show = ({ page }, state) =>
  page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
/** Many messages of the bot, which are there when this is done. */
const fill = async (roomId, from, to, text = "entry") => {
  const sent = [];
  for (let number = from; number < to; number += 1) sent.push((await ask("message:send", { roomId, body: `${text} ${number}`, clientId: `${text}-${roomId}-${number}` })).message);
  return sent;
};

test("a room that changed while the connection was away is as it is now, and one that ended says so and gives back what was written in it", async () => {
  const dan = await member(browser, site, "Dan");
  const id = await room_of(ann, "Shed");
  await enter(dan, id);
  await open(dan.page, `/rooms/${id}`);
  await field(dan).waitFor();
  await offline(dan);
  await ann.page.request.patch(`/api/rooms/${id}`, { data: { name: "Summer house" } });
  await ann.page.request.patch(`/api/rooms/${id}/members/${dan.id}`, { data: { role: "moderator" } });
  await ask("room:join", { roomId: id });
  await dan.context.setOffline(false);
  await dan.page.getByRole("heading", { name: "Summer house" }).waitFor();
  const members = dan.page.getByRole("complementary", { name: "Members" }).getByRole("listitem");
  await members.filter({ hasText: "OpenClaw" }).waitFor();
  await members.filter({ hasText: "Dan" }).getByText("Moderator").waitFor();

  await field(dan).fill("Half a thought");
  await offline(dan);
  await ann.page.request.delete(`/api/rooms/${id}`);
  await dan.context.setOffline(false);
  await dan.page.getByRole("alert").getByRole("heading", { name: "You are not in this room any more" }).waitFor();
  await titled(dan.page, "You are not in this room any more");
  const unsent = dan.page.getByLabel("What you wrote here and did not send");
  assert.equal(await unsent.inputValue(), "Half a thought");
  await dan.page.getByRole("button", { name: "Discard" }).click();
  await unsent.waitFor({ state: "detached" });

  const other = await room_of(ann, "Greenhouse annex");
  await enter(dan, other);
  await open_connected(dan.page, `/rooms/${other}`);
  await field(dan).fill("Another one");
  await ann.page.request.delete(`/api/rooms/${other}`);
  await dan.page.getByRole("alert").getByRole("heading", { name: "This room was deleted" }).waitFor();
  assert.equal(await unsent.inputValue(), "Another one");
  await titled(dan.page, "This room was deleted");
  assert.deepEqual(dan.faults, []);
});

test("what is new is marked where it begins each time one comes back, and what one sees come is not", async () => {
  const gus = await member(browser, site, "Gus");
  const [id, elsewhere] = [await room_of(gus, "Marks"), await room_of(gus, "Elsewhere")];
  await ask("room:join", { roomId: id });
  await open(gus.page, `/rooms/${id}`);
  await field(gus).waitFor();
  await fill(id, 0, 1, "live");
  await message(gus, "live 0").waitFor();
  await has_read(gus);
  await fill(id, 1, 2, "live");
  await message(gus, "live 1").waitFor();
  assert.equal(await gus.page.locator("li.fresh").count(), 0);

  await has_read(gus);
  await visit(gus, "Elsewhere");
  await gus.page.getByRole("textbox", { name: "Message to Elsewhere" }).waitFor();
  await fill(id, 0, 60, "missed");
  await visit(gus, /Marks.*60 unread/);
  await gus.page.locator("li.fresh + li.message", { hasText: "missed 0" }).waitFor();
  assert.ok(await gus.page.locator("li.fresh").evaluate((mark) => mark.getBoundingClientRect().bottom > mark.closest(".log").getBoundingClientRect().top));
  await gus.page.locator(".jump").click();
  await has_read(gus);

  await show(gus, "hidden");
  await fill(id, 0, 2, "behind");
  await message(gus, "behind 1").waitFor();
  await show(gus, "visible");
  await gus.page.locator("li.fresh + li.message", { hasText: "behind 0" }).waitFor();
  await has_read(gus);
  await show(gus, "hidden");
  await show(gus, "visible");
  await gus.page.locator("li.fresh").waitFor({ state: "detached" });
  assert.deepEqual(gus.faults, []);
});

test("what is being written is there after a reload, with its files, until it is sent", async () => {
  const ida = await member(browser, site, "Ida");
  const [id] = [await room_of(ida, "Drafts"), await room_of(ida, "Elsewhere")];
  await open(ida.page, `/rooms/${id}`);
  await field(ida).fill("Half a sentence");
  await give(ida.page.locator("form.say-something"), "paste", [{ name: "one.png", type: "image/png", content: PNG }]);
  const files = ida.page.locator(".uploads li");
  await ida.page.waitForFunction(() => document.querySelector(".uploads li") && !document.querySelector("progress"));
  await open(ida.page, `/rooms/${id}`);
  await files.waitFor();
  assert.equal(await field(ida).inputValue(), "Half a sentence");
  await visit(ida, "Elsewhere");
  await ida.page.getByRole("textbox", { name: "Message to Elsewhere" }).waitFor();
  assert.equal(await files.count(), 0);
  await visit(ida, "Drafts");
  await files.waitFor();
  await field(ida).press("Enter");
  await message(ida, "Half a sentence").getByRole("img", { name: "Attached picture" }).waitFor();
  assert.deepEqual(await ida.page.evaluate(() => Object.keys(localStorage)), []);
  assert.deepEqual(ida.faults, []);
});

test("where no connection comes at first, that is said, and older messages can be read; leaving meanwhile does no harm", async () => {
  const id = await room_of(ann, "Behind a wall");
  await ask("room:join", { roomId: id });
  await fill(id, 0, 160);
  const jan = await member(browser, site, "Jan");
  await enter(jan, id);
  await room_of(jan, "Elsewhere");
  await jan.page.addInitScript(() => {
    window.WebSocket = class {
      constructor() {
        throw new Error("there is a wall");
      }
    };
  });
  await jan.page.route(/\/socket\.io\//, (route) => route.abort());
  await open(jan.page, `/rooms/${id}`);
  await jan.page.getByRole("status").getByText("The connection is lost.").waitFor();
  const log = jan.page.locator(".log");
  let go_on;
  const left = new Promise((resolve) => (go_on = resolve));
  await jan.page.route(/\/messages\?before=/, async (route) => {
    await left;
    await route.continue();
  }, { times: 1 });
  const asked = jan.page.waitForRequest(/\/messages\?before=/);
  await log.evaluate((element) => (element.scrollTop = 0));
  await asked;
  await visit(jan, "Elsewhere");
  await jan.page.getByRole("textbox", { name: "Message to Elsewhere" }).waitFor();
  const answered = jan.page.waitForResponse(/\/messages\?before=/);
  go_on();
  await answered;
  await visit(jan, "Behind a wall");
  await scroll_to(jan.page.getByText("This is where the room begins."), () => log.evaluate((element) => (element.scrollTop = 0)));
  assert.deepEqual(jan.faults, []);
});

test("history that could not be had is said to be missing, and comes when one asks again", async () => {
  const ula = await member(browser, site, "Ula");
  const id = await room_of(ula, "Archive");
  await ask("room:join", { roomId: id });
  await fill(id, 0, 210);
  await ula.page.request.post(`/api/rooms/${id}/read`, { data: { seq: 100 } });
  await open(ula.page, `/rooms/${id}`);
  await ula.page.locator("li.fresh").waitFor();
  for (const [where, place, next] of [["before", 0, "entry 60"], ["after", 1e6, "entry 150"]]) {
    await ula.page.route(new RegExp(`/messages\\?${where}=`), (route) => route.abort(), { times: 1 });
    await ula.page.locator(".log").evaluate((log, place) => (log.scrollTop = place), place);
    await ula.page.locator(".edge").getByText("The server did not answer.").waitFor();
    assert.equal(await message(ula, next).count(), 0, where);
    await ula.page.locator(".edge").getByRole("button", { name: "Try again" }).press("Enter");
    await message(ula, next).waitFor({ state: "attached" });
    await ula.page.waitForFunction(() => document.activeElement.matches("li.message"));
  }
  assert.deepEqual(ula.faults, []);
});

test("each text is rendered once, old ones are let go, and what a reply answers is found however far back it is", async () => {
  const kai = await member(browser, site, "Kai");
  const id = await room_of(kai, "Long story");
  await ask("room:join", { roomId: id });
  const [first] = await fill(id, 0, 250);
  await kai.page.addInitScript(() => {
    window.rendered = 0;
    const parse = DOMParser.prototype.parseFromString;
    DOMParser.prototype.parseFromString = function (...args) {
      window.rendered += 1;
      return parse.apply(this, args);
    };
  });
  await open(kai.page, `/rooms/${id}`);
  await message(kai, "entry 249").waitFor();
  const before = await kai.page.evaluate(() => window.rendered);
  assert.ok(before > 50);
  await fill(id, 250, 251);
  await message(kai, "entry 250").waitFor();
  assert.equal(await kai.page.evaluate(() => window.rendered), before + 1);

  await fill(id, 251, 620);
  await ask("message:send", { roomId: id, body: "Here it began", clientId: "far", replyTo: first.id });
  await message(kai, "Here it began").waitFor();
  await kai.page.waitForFunction(() => document.querySelectorAll("li.message").length <= 300);
  await message(kai, "Here it began").locator(".quote button").click();
  await kai.page.locator(`[id="${first.id}"].lit`).waitFor();
  await kai.page.locator(".jump").click();
  await message(kai, "Here it began").waitFor();
  assert.deepEqual(kai.faults, []);
});

test("a room that was opened without a connection is there when it is back", async () => {
  const lou = await member(browser, site, "Lou");
  const [id] = [await room_of(lou, "Later"), await room_of(lou, "Now")];
  await open(lou.page, "/rooms/");
  await visit(lou, "Now");
  await field(lou).waitFor();
  await offline(lou);
  await visit(lou, "Later");
  await lou.page.getByRole("alert").getByRole("button", { name: "Try again" }).waitFor();
  await lou.context.setOffline(false);
  await lou.page.getByRole("textbox", { name: "Message to Later" }).waitFor();
  assert.equal(new URL(lou.page.url()).pathname, `/rooms/${id}`);
});

test("a command that still runs in another window is not called lost, and goes when that one has its answer", async () => {
  const mia = await member(browser, site, "Mia");
  const id = await room_of(mia, "Two windows");
  const keep = (clientId, body, running) => {
    const draft = { clientId, roomId: id, body, replyTo: null, attachments: [], at: new Date().toISOString(), problem: null, running };
    return mia.page.evaluate(([key, value]) => localStorage.setItem(key, value), [`outbox:${mia.id}:${clientId}`, JSON.stringify(draft)]);
  };
  await open(mia.page, "/posts/");
  await keep("young", "/slow", Date.now());
  await keep("old", "/lost", Date.now() - 150_000);
  const second = { page: await mia.context.newPage() };
  await open(second.page, `/rooms/${id}`);
  const pending = (text) => second.page.locator("li.pending").filter({ hasText: text });
  await pending("/lost").getByText("it may have been run already").waitFor();
  await pending("/slow").getByText("Sending…").waitFor();
  await mia.page.evaluate((key) => localStorage.removeItem(key), `outbox:${mia.id}:young`);
  await pending("/slow").waitFor({ state: "detached" });
  assert.deepEqual(mia.faults, []);
});

test("outside of rooms one sees at once that something new is there", async () => {
  const ned = await member(browser, site, "Ned");
  const id = await room_of(ned, "News");
  await ask("room:join", { roomId: id });
  // Only what comes by the socket can tell.
  await ned.page.route("**/api/rooms", (route) => route.abort());
  await open(ned.page, "/posts/");
  let number = 0;
  await scroll_to(ned.page.getByRole("link", { name: /Rooms.*unread/ }), () => fill(id, number, ++number));
  assert.deepEqual(ned.faults, []);
});

test("the title of every page says how much is unread, until it is read here or in another window", async () => {
  const ida = await member(browser, site, "Ida May");
  const [news, elsewhere] = [await room_of(ida, "News"), await room_of(ida, "Elsewhere")];
  for (const roomId of [news, elsewhere]) await ask("room:join", { roomId });
  await fill(news, 0, 2);
  await invite(ann, await room_of(ann, "Attic", { access: "invite" }), ida.id);
  await open_connected(ida.page, "/posts/");
  await titled(ida.page, "(3) Posts");
  await fill(elsewhere, 0, 1);
  await titled(ida.page, "(4) Posts");

  const [second, unconnected] = [{ page: await ida.context.newPage() }, { page: await ida.context.newPage() }];
  await open(unconnected.page, "/settings/");
  await titled(unconnected.page, "(4) Settings");
  await open(second.page, "/rooms/");
  await titled(second.page, "(4) Rooms");
  await visit(second, /News/);
  await titled(second.page, "(2) News");
  await titled(ida.page, "(2) Posts");
  await show(unconnected, "visible");
  await titled(unconnected.page, "(2) Settings");
  await second.page.locator(".invited").getByRole("button", { name: "Decline" }).click();
  await titled(second.page, "(1) News");

  await visit(second, /Elsewhere/);
  await titled(second.page, "Elsewhere");

  // What comes under one's eyes is never called unread.
  await has_read(ida);
  await second.page.evaluate(() => {
    window.titles = [];
    new MutationObserver(() => window.titles.push(document.title)).observe(document.querySelector("title"), { childList: true });
  });
  await fill(elsewhere, 1, 2);
  await message(second, "entry 1").waitFor();
  await has_read(ida);
  assert.deepEqual(await second.page.evaluate(() => window.titles), []);
  await show(second, "hidden");
  await fill(elsewhere, 2, 4);
  await titled(second.page, "(2) Elsewhere");
  await show(second, "visible");
  await titled(second.page, "Elsewhere");
  assert.deepEqual(ida.faults, []);
});
