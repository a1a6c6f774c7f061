// What one person does in a room: with the keyboard, on glass, in small windows, and without scripts.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { give, launch, member, open, open_connected, PNG, start, visitor } from "./support.mjs";

let site, browser, ann, bob, room;
before(async () => {
  [site, browser] = await Promise.all([start(), launch()]);
  [ann, bob] = [await member(browser, site, "Ann"), await member(browser, site, "Bob")];
  room = await room_of(ann, "Greenhouse");
  await post(bob, `/api/rooms/${room}/join`, {});
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

const post = async (person, path, data) => (await person.page.request.post(path, { data })).json();
const room_of = async (person, name, access = "open") => (await post(person, "/api/rooms", { name, access })).room.id;
const says = (person, body, more = {}) => post(person, `/api/rooms/${more.room ?? room}/messages`, { body, ...more });
const message = (person, text) => person.page.locator("li.message:not(.pending)").filter({ hasText: text });
const field = ({ page }) => page.getByRole("textbox", { name: /^Message to/ });
const head = ({ page }) => page.locator(".room-head");
const focused = (locator) => locator.evaluate((one) => one === document.activeElement);
const enter = async (person, id = room) => {
  await open(person.page, `/rooms/${id}`);
  await person.page.locator(".dot.on").first().waitFor({ state: "attached" });
};
/** Waits until the focus is at `locator`. */
const gets_focus = async (locator) => {
  const handle = await locator.elementHandle();
  await locator.page().waitForFunction((one) => document.activeElement === one, handle);
};

test("a room name as long as can be is cut where it does not fit, and what is unread in it is counted in sight", async () => {
  const long = await room_of(bob, "Seed".padEnd(80, "lings"));
  await post(ann, `/api/rooms/${long}/join`, {});
  await says(bob, "What shall we call it?", { room: long });
  for (const width of [360, 1280]) {
    await ann.page.setViewportSize({ width, height: 700 });
    await open_connected(ann.page, "/rooms/");
    const count = await ann.page.locator(".room-list .count").boundingBox();
    const list = await ann.page.locator(".room-list").boundingBox();
    assert.ok(count.x + count.width <= list.x + list.width && list.width <= width, `at ${width}`);
    await post(bob, `/api/rooms/${await room_of(bob, "Compost".padEnd(80, "heap"), "invite")}/invite`, { userId: ann.id });
    const said = await ann.page.locator(".saying").first().boundingBox();
    assert.ok(said.x >= 0 && said.x + said.width <= width, JSON.stringify(said));
    assert.ok(await ann.page.locator(".room-list .name", { hasText: "Seedlings" }).evaluate((name) => name.scrollWidth > name.clientWidth), "with an ellipsis");
  }
});

test("the keyboard stays where it was after emoji and deletions", async () => {
  await says(ann, "To be liked");
  await says(ann, "To be deleted");
  await enter(ann);
  const liked = message(ann, "To be liked");
  await liked.focus();
  const react = liked.getByRole("button", { name: "React", exact: true });
  await react.press("Enter");
  await liked.getByRole("button", { name: "React with 👍" }).press("Escape");
  assert.equal(await ann.page.locator(".emoji").count(), 0);
  assert.ok(await focused(react));
  await react.press("Enter");
  await liked.getByRole("button", { name: "React with 👍" }).press("Enter");
  await gets_focus(liked);
  await liked.getByRole("button", { name: "👍: 1" }).waitFor();

  const deleted = message(ann, "To be deleted");
  const { id } = await deleted.evaluate(({ id }) => ({ id }));
  await deleted.focus();
  await deleted.getByRole("button", { name: "Delete" }).press("Enter");
  await ann.page.getByRole("dialog").getByRole("button", { name: "Cancel" }).press("Enter");
  await gets_focus(deleted.getByRole("button", { name: "Delete" }));
  await deleted.getByRole("button", { name: "Delete" }).press("Enter");
  await ann.page.getByRole("dialog").getByRole("button", { name: "Delete" }).press("Enter");
  await ann.page.getByText("This message was deleted.").waitFor();
  await gets_focus(ann.page.locator(`[id="${id}"]`));
});

test("the menu of a room closes on Escape and when the focus goes elsewhere, which comes back from what it opened", async () => {
  const menu = head(ann).locator(".menu");
  const summary = menu.locator("summary");
  const is_open = () => menu.evaluate((one) => one.open);
  await summary.press("Enter");
  await ann.page.keyboard.press("Tab");
  await ann.page.keyboard.press("Escape");
  assert.equal(await is_open(), false);
  assert.ok(await focused(summary));
  await summary.press("Enter");
  await ann.page.keyboard.press("Shift+Tab");
  assert.equal(await is_open(), false);
  await summary.press("Enter");
  await menu.getByRole("button", { name: "Room settings" }).press("Enter");
  await ann.page.getByRole("dialog").waitFor();
  await ann.page.keyboard.press("Escape");
  await gets_focus(summary);
});

test("without scripts a room says that it needs them, also where there is room for one thing only", async () => {
  const plain = await visitor(browser, site, { javaScriptEnabled: false, viewport: { width: 360, height: 700 } });
  await ann.sign_in(plain.context);
  await plain.page.goto(`/rooms/${room}`);
  const notice = plain.page.locator("main .notice");
  assert.equal(await notice.textContent(), "Rooms need JavaScript.");
  assert.ok(await notice.isVisible());
});

test("on glass Enter begins a new line, and the button sends", async () => {
  const zoe = await member(browser, site, "Zoë", { hasTouch: true, isMobile: true, viewport: { width: 390, height: 700 } });
  await post(zoe, `/api/rooms/${room}/join`, {});
  await enter(zoe);
  await field(zoe).fill("One line");
  await field(zoe).press("Enter");
  await field(zoe).pressSequentially("Another line");
  assert.equal(await field(zoe).inputValue(), "One line\nAnother line");
  await zoe.page.getByRole("button", { name: "Send" }).tap();
  await message(zoe, "Another line").waitFor();
  assert.deepEqual(zoe.faults, []);
});

test("an edit keeps the pictures of a message, may take its text away, and leaves what is written meanwhile alone", async () => {
  const form = ann.page.locator("form.say-something");
  const file = { name: "one.png", type: "image/png", content: PNG };
  const given = () => ann.page.waitForFunction(() => document.querySelector(".uploads li") && !document.querySelector("progress"));
  await give(form, "paste", [file]);
  await given();
  await field(ann).fill("With a caption");
  await field(ann).press("Enter");
  await message(ann, "With a caption").getByRole("img", { name: "Attached picture" }).waitFor();
  await give(form, "paste", [file]);
  await given();

  await message(ann, "With a caption").hover();
  await message(ann, "With a caption").getByRole("button", { name: "Edit" }).click();
  await form.getByRole("img", { name: "Attached picture" }).waitFor();
  assert.equal(await form.getByRole("button", { name: "Add files" }).count(), 0);
  await give(form, "paste", [file]);
  await give(form, "drop", [file]);
  await field(ann).fill("");
  await field(ann).press("Enter");
  await message(ann, "With a caption").waitFor({ state: "detached" });
  await ann.page.locator("li.message:not(.pending)").last().getByRole("img", { name: "Attached picture" }).waitFor();
  assert.equal(await form.locator(".uploads li").count(), 1, "what is for the next message waits");
  await form.getByRole("button", { name: "Remove one.png" }).click();
});

test("a file that was removed can be chosen again", async () => {
  const remove = ann.page.getByRole("button", { name: "Remove one.png" });
  for (let times = 0; times < 2; times += 1) {
    await ann.page.locator("form.say-something input[type=file]").setInputFiles({ name: "one.png", mimeType: "image/png", buffer: PNG });
    await remove.click();
    assert.equal(await ann.page.locator("form.say-something input[type=file]").evaluate((input) => input.files.length), 0);
  }
});

test("a text that is too long is counted and refused, and none of it is lost", async () => {
  const form = ann.page.locator("form.say-something");
  await field(ann).fill("🌱".repeat(4001));
  await form.getByText("4001 / 4000").waitFor();
  await field(ann).press("Enter");
  await form.getByRole("alert").getByText("at most 4000 characters, this one has 4001").waitFor();
  await field(ann).fill("🌱".repeat(4000));
  await field(ann).press("Enter");
  await message(ann, "🌱".repeat(4000)).waitFor();
  assert.equal(await form.getByText("/ 4000").count(), 0);
});

test("whoever cannot be meant by an invitation is told in words for people", async () => {
  await head(ann).getByRole("button", { name: "Invite" }).click();
  const dialog = ann.page.getByRole("dialog");
  for (const [kind, who, why] of [["Email address", "nonsense", "not an email address"], ["Discord id", "nonsense", "17 to 20 digits"], ["Member or bot id", "Bob Smith", "Nobody can be found here as “Bob Smith”"]]) {
    await dialog.getByLabel("Invite by").selectOption(kind);
    await dialog.getByLabel(kind, { exact: true }).fill(who);
    await dialog.getByRole("button", { name: "Invite" }).click();
    await dialog.getByRole("alert").getByText(why).waitFor();
  }
  await ann.page.keyboard.press("Escape");
});

test("what is said has most of a low window, and the way out stays", async () => {
  for (const [width, height] of [[320, 256], [740, 320]]) {
    await ann.page.setViewportSize({ width, height });
    const { height: log } = await ann.page.locator(".log").boundingBox();
    assert.ok(log >= height / 2, `${log} of ${height} pixels`);
    await head(ann).getByRole("link", { name: "All rooms" }).waitFor();
    // All emoji are in sight, wherever there is more room for them.
    await ann.page.locator("li.message").last().focus();
    await ann.page.locator("li.message").last().getByRole("button", { name: "React", exact: true }).press("Enter");
    const [emoji, box] = [await ann.page.locator(".emoji").boundingBox(), await ann.page.locator(".log").boundingBox()];
    assert.ok(emoji.x >= 0 && emoji.y > box.y - 1 && emoji.y + emoji.height < box.y + box.height + 1, JSON.stringify([emoji, box]));
    await ann.page.keyboard.press("Escape");
  }
  await head(ann).getByRole("link", { name: "All rooms" }).click();
  await ann.page.getByRole("link", { name: "Posts", exact: true }).first().waitFor();
  await ann.page.setViewportSize({ width: 1280, height: 800 });
});

test("members beyond those that come with a room are there for who asks for them", async () => {
  await ann.page.route(`**/api/rooms/${room}`, async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    answer.room.members = answer.room.members.slice(0, 1);
    await route.fulfill({ response, json: answer });
  });
  await open(ann.page, `/rooms/${room}`);
  const members = ann.page.getByRole("complementary", { name: "Members" });
  await members.getByRole("button", { name: "Show more members (2)" }).click();
  await members.getByRole("listitem").filter({ hasText: "Zoë" }).waitFor();
  assert.equal(await members.getByRole("listitem").count(), 3);
  assert.equal(await members.getByRole("button", { name: "Show more members" }).count(), 0);
  await ann.page.unroute(`**/api/rooms/${room}`);
});

test("texts and names are written in the direction of their script", async () => {
  const noa = await member(browser, site, "נועה");
  await post(noa, `/api/rooms/${room}/join`, {});
  await says(noa, "שלום, Ann!");
  const direction = (locator) => locator.evaluate((one) => getComputedStyle(one).direction);
  await message(ann, "שלום").waitFor();
  assert.equal(await direction(message(ann, "שלום").locator(".text")), "rtl");
  assert.equal(await direction(message(ann, "שלום").locator("strong").first()), "rtl");
  await field(ann).fill("שלום");
  assert.equal(await direction(field(ann)), "rtl");
  await field(ann).fill("");
});

test("a numbered list keeps its numbers", async () => {
  await says(ann, "1. sow\n2. water");
  const list = message(ann, "water").locator("ol");
  assert.equal(await list.evaluate((one) => getComputedStyle(one).listStyleType), "decimal");
});

test("whoever cannot hover sees with the tools of a message when exactly it was written", async () => {
  await says(ann, "When was that?");
  const time = (person) => message(person, "When was that?").locator(".message-tools time");
  const zora = await member(browser, site, "Zora", { hasTouch: true, isMobile: true, viewport: { width: 390, height: 700 } });
  await post(zora, `/api/rooms/${room}/join`, {});
  await enter(zora);
  await message(zora, "When was that?").locator(".text").tap();
  await time(zora).waitFor();
  const wanted = await time(zora).evaluate((one) => new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" }).format(new Date(one.dateTime)));
  assert.equal(await time(zora).textContent(), wanted);
  const tools = await message(zora, "When was that?").locator(".message-tools").boundingBox();
  const text = await message(zora, "When was that?").locator(".text").boundingBox();
  assert.ok(tools.y + tools.height < text.y + text.height / 3, "and still reads the message");

  await enter(ann);
  await message(ann, "When was that?").hover();
  await time(ann).waitFor({ state: "attached" });
  assert.ok(await time(ann).isHidden(), "a mouse has it where it points");
  await message(ann, "When was that?").focus();
  await time(ann).waitFor();
  assert.deepEqual(zora.faults, []);
});

test("nothing went wrong in any page", () => {
  assert.deepEqual([...ann.faults, ...bob.faults], []);
});
