// Commands of bots: two people in a room with the bundled bots.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { BOTS, give, launch, member, open, PNG, start } from "./support.mjs";

let site, browser, ann, bob, room;
before(async () => {
  [site, browser] = await Promise.all([start(BOTS), launch()]);
  [ann, bob] = [await member(browser, site, "Ann"), await member(browser, site, "Bob")];
  room = (await (await ann.page.request.post("/api/rooms", { data: { name: "Greenhouse" } })).json()).room.id;
  await bob.page.request.post(`/api/rooms/${room}/join`, { data: {} });
  await bots_come();
  for (const person of [ann, bob]) await enter(person);
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

/** Invites the moderator, and waits until both bots are there. The assistant comes by itself when somebody does. */
async function bots_come() {
  const [, userId] = /(bot-\w+)\b.*Moderator/.exec(site.run(["bot", "list"]));
  await ann.page.request.post(`/api/rooms/${room}/invite`, { data: { userId } });
  for (let tries = 0; tries < 200; tries += 1) {
    const { commands } = await (await ann.page.request.get(`/api/commands?roomId=${room}`)).json();
    if (["help", "modlog"].every((name) => commands.some((command) => command.name === name))) return;
    await ann.page.waitForTimeout(50);
  }
  assert.fail("the bots did not come");
}

async function enter(person) {
  await open(person.page, `/rooms/${room}`);
  await field(person).waitFor();
}
const field = (person) => person.page.getByRole("textbox", { name: /^Message to/ });
const list = (person, name = "Commands") => person.page.getByRole("listbox", { name });
const options = (person) => person.page.getByRole("option").locator(".name").allTextContents();
const message = (person, text) => person.page.locator("li.message:not(.pending, .ephemeral)").filter({ hasText: text });
const ephemeral = (person) => person.page.locator("li.ephemeral");
const refusal = (person) => person.page.locator("form.say-something").getByRole("alert");
const chosen = (person) =>
  field(person).evaluate((area) => {
    const option = document.getElementById(area.getAttribute("aria-activedescendant"));
    return option?.getAttribute("aria-selected") === "true" ? option.querySelector(".name").textContent : null;
  });

/** Waits until what stands in the field is `text`. */
const stands = (person, text) => person.page.waitForFunction((text) => document.querySelector(".say-something textarea").value === text, text);

async function say(person, text) {
  await field(person).fill(text);
  // The list may be open, and Enter would take from it.
  if (await person.page.getByRole("listbox").count()) await field(person).press("Escape");
  await field(person).press("Enter");
}

test("the keyboard alone finds a command, fills it in, and runs it for everybody", async () => {
  const { keyboard } = ann.page;
  await field(ann).focus();
  await keyboard.type("/");
  await list(ann).waitFor();
  assert.deepEqual(await options(ann), ["/forget", "/help", "/modlog", "/poll", "/poll-close", "/remind", "/reminders"]);
  await ann.page.getByRole("status").filter({ hasText: "7 commands." }).waitFor();
  assert.equal(await chosen(ann), "/forget");
  await keyboard.press("ArrowUp");
  assert.equal(await chosen(ann), "/reminders");
  await keyboard.type("po");
  assert.deepEqual(await options(ann), ["/poll", "/poll-close"]);
  await keyboard.press("ArrowDown");
  assert.equal(await chosen(ann), "/poll-close");
  await keyboard.press("ArrowDown");
  await keyboard.press("Enter");
  await stands(ann, "/poll ");
  await ann.page.locator(".usage .present", { hasText: "<question>" }).waitFor();
  await ann.page.getByRole("status").filter({ hasText: "question: In quotation marks" }).waitFor();
  await keyboard.type('"Tea or coffee?" tea cof');
  await ann.page.locator(".usage .present", { hasText: "<option-2>" }).waitFor();
  await keyboard.type("fee");
  await keyboard.press("Enter");
  for (const person of [ann, bob]) {
    await message(person, "Tea or coffee?").getByText("Bot", { exact: true }).waitFor();
    await message(person, "Tea or coffee?").getByRole("button", { name: "2️⃣: 1" }).waitFor();
  }
  await ephemeral(ann).filter({ hasText: '/poll "Tea or coffee?" tea coffee' }).getByText("Only visible to you").waitFor();
  assert.equal(await ann.page.locator("li.pending").count(), 0, "what was typed is not also on its way");
  assert.equal(await field(ann).inputValue(), "");
  assert.equal(await ephemeral(bob).count(), 0);
  await ephemeral(ann).getByRole("button", { name: "Dismiss" }).press("Enter");
  assert.equal(await ephemeral(ann).count(), 0);
  assert.ok(await ann.page.evaluate(() => document.activeElement.matches("li.message")), "the focus stays among the messages");
});

test("choices, and what a bot suggests, are offered for the parameter at the caret", async () => {
  await field(ann).fill("");
  await field(ann).pressSequentially("/remind ");
  await list(ann, "Suggestions").waitFor();
  assert.deepEqual(await options(ann), ["in", "at"]);
  await ann.page.keyboard.press("Tab");
  await stands(ann, "/remind in ");
  await field(ann).pressSequentially("3h water the seedlings");
  await field(ann).press("Enter");
  await ephemeral(ann).filter({ hasText: "I will remind you here" }).waitFor();
  await field(ann).pressSequentially("/forg");
  await ann.page.keyboard.press("Tab");
  await ann.page.getByRole("option").filter({ hasText: "water the seedlings" }).click();
  await stands(ann, "/forget 1");
  assert.ok(await field(ann).evaluate((area) => document.activeElement === area), "the mouse leaves the focus where it is");
  await field(ann).press("Enter");
  await stands(ann, "");
  await ephemeral(ann).filter({ hasText: /forg/i }).first().waitFor();
});

test("an answer for one person is shown to them alone, counts for nothing, and is gone after a reload", async () => {
  await say(ann, "Before the help");
  await message(bob, "Before the help").waitFor();
  await say(bob, "/help");
  const answer = ephemeral(bob).filter({ hasText: "This is what I can do" });
  await answer.getByText("Only visible to you").waitFor();
  await answer.getByText("OpenClaw").waitFor();
  await bob.page.getByRole("log").getByText("Only to you, OpenClaw: This is what I can do").waitFor({ state: "attached" });
  await say(ann, "After the help");
  await message(bob, "After the help").waitFor();
  const texts = await bob.page.locator("li.message").allTextContents();
  const place = (text) => texts.findIndex((one) => one.includes(text));
  assert.ok(place("Before the help") < place("This is what I can do") && place("This is what I can do") < place("After the help"), "it stays where it came");
  assert.equal(await ann.page.getByText("This is what I can do").count(), 0);
  const history = await (await bob.page.request.get(`/api/rooms/${room}/messages`)).json();
  assert.equal(history.messages.filter(({ body, seq }) => seq === 0 || body.includes("This is what I can do")).length, 0);

  // Going elsewhere and coming back is no reload.
  await bob.page.getByRole("link", { name: "Posts", exact: true }).first().click();
  await bob.page.getByRole("heading", { level: 1, name: "Posts" }).waitFor();
  await bob.page.goBack();
  await answer.waitFor();
  await enter(bob);
  await message(bob, "After the help").waitFor();
  assert.equal(await ephemeral(bob).count(), 0);
});

test("a command that is wrong comes back with the reason, to be corrected", async () => {
  await field(ann).fill("");
  await field(ann).pressSequentially("/pol");
  await list(ann).waitFor();
  await field(ann).press("Escape");
  await list(ann).waitFor({ state: "detached" });
  await field(ann).press("Enter");
  await refusal(ann).getByText("There is no command /pol here. Did you mean /poll?").waitFor();
  assert.equal(await field(ann).inputValue(), "/pol");
  assert.equal(await field(ann).getAttribute("aria-invalid"), "true");
  assert.equal(await ann.page.locator("li.pending").count(), 0);
  assert.deepEqual(await ann.page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith("outbox:"))), [], "it would come back once more after a reload");
  await say(ann, "/forget seven");
  await refusal(ann).getByText("forget: number must be a whole number. It is typed like this: /forget <number>").waitFor();
  await say(ann, "/poll-close now");
  await refusal(ann).getByText("there is more than it takes").waitFor();
  assert.equal(await field(ann).inputValue(), "/poll-close now");
  await say(ann, "/poll-close");
  await message(bob, "Tea or coffee?").nth(1).waitFor();
  assert.equal(await refusal(ann).textContent(), "");
});

test("a message that a bot refuses comes back whole, unless something else is being written", async () => {
  await message(bob, "After the help").hover();
  await message(bob, "After the help").getByRole("button", { name: "Reply" }).click();
  await give(bob.page.locator("form.say-something"), "paste", [{ name: "one.png", type: "image/png", content: PNG }]);
  await bob.page.waitForFunction(() => document.querySelector(".uploads li") && !document.querySelector("progress"));
  await say(bob, "I use glyphosate");
  await refusal(bob).getByText(/\w/).waitFor();
  await stands(bob, "I use glyphosate");
  await bob.page.getByText("Reply to Ann").waitFor();
  assert.equal(await bob.page.locator(".uploads li").count(), 1);
  await say(bob, "I use beer");
  await message(bob, "I use beer").getByRole("img", { name: "Attached picture" }).waitFor();
  await message(ann, "I use beer").locator(".quote", { hasText: "After the help" }).waitFor();
  assert.equal(await message(ann, "glyphosate").count(), 0);

  // An edit that is refused stays an edit.
  await message(bob, "I use beer").hover();
  await message(bob, "I use beer").getByRole("button", { name: "Edit" }).click();
  await say(bob, "No, glyphosate");
  await refusal(bob).getByText(/\w/).waitFor();
  assert.equal(await field(bob).inputValue(), "No, glyphosate");
  await field(bob).press("Escape");
  await message(bob, "I use beer").waitFor();

  await bob.context.setOffline(true);
  await bob.page.getByText("The connection is lost.").waitFor({ timeout: 60_000 });
  await say(bob, "glyphosate again");
  await field(bob).fill("Meanwhile");
  await bob.context.setOffline(false);
  const failed = bob.page.locator("li.pending").filter({ hasText: "Not sent" });
  await failed.waitFor();
  assert.equal(await field(bob).inputValue(), "Meanwhile");
  await field(bob).press("Enter");
  await message(ann, "Meanwhile").waitFor();
  await stands(bob, "glyphosate again");
  await failed.waitFor({ state: "detached" });
  await field(bob).fill("");
  assert.equal(await refusal(bob).textContent(), "");
});

test("commands that were written without a connection are run once when it is back", async () => {
  await bob.context.setOffline(true);
  await bob.page.getByText("The connection is lost.").waitFor({ timeout: 60_000 });
  await say(bob, "/poll where here there");
  await say(bob, "Said in the dark");
  assert.equal(await bob.page.locator("li.pending").filter({ hasText: "Waiting for the connection" }).count(), 2);
  await bob.context.setOffline(false);
  await message(ann, "Said in the dark").waitFor();
  await message(ann, "where").waitFor();
  await ephemeral(bob).filter({ hasText: "/poll where here there" }).waitFor();
  assert.equal(await message(ann, "where").count(), 1);
  // The answer to him may come after the message to all. Of two the first is gone when both are.
  await bob.page.locator("li.pending").first().waitFor({ state: "detached" });
});

test("two slashes say a text that begins with one, and other texts open no list", async () => {
  await field(ann).fill("");
  await field(ann).pressSequentially("//help");
  assert.equal(await ann.page.getByRole("listbox").count(), 0);
  await field(ann).press("Enter");
  await message(bob, "/help").waitFor();
  await field(ann).pressSequentially("either/or");
  assert.equal(await ann.page.getByRole("listbox").count(), 0);
  await field(ann).fill("");
});

for (const [colorScheme, width] of [["light", 1280], ["dark", 390]]) {
  test(`everybody can use the open list, and it moves nothing: ${colorScheme}, ${width} wide`, async () => {
    const { page } = ann;
    await page.setViewportSize({ width, height: 700 });
    await page.emulateMedia({ colorScheme });
    const answers = await ephemeral(ann).count();
    await say(ann, "/help");
    await ephemeral(ann).nth(answers).waitFor();
    const places = () => page.evaluate(() => [".say-something textarea", ".log", ".room-head"].map((one) => JSON.stringify(document.querySelector(one).getBoundingClientRect())));
    await field(ann).fill("");
    await field(ann).focus();
    const before = await places();
    for (const [text, offered] of [["/", "/forget"], ["remind ", "<how>"], ["in ", "<when>"]]) {
      await field(ann).pressSequentially(text);
      await page.locator(".completion :is(.name, .present)").getByText(offered, { exact: true }).waitFor();
      const { violations } = await new AxeBuilder({ page }).analyze();
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`), [], `after ${text}`);
      assert.deepEqual((await places()).slice(0, 3), before, `after ${text}`);
      assert.ok(await page.locator(".completion").evaluate((box) => box.getBoundingClientRect().top >= 0 && box.getBoundingClientRect().right <= innerWidth));
    }
    await say(ann, "/remind in");
    await refusal(ann).getByText("when is missing").waitFor();
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(violations.map(({ id }) => id), []);
    await field(ann).fill("");
  });
}

test("nothing went wrong in any page", () => {
  assert.deepEqual([...ann.faults, ...bob.faults], []);
});
