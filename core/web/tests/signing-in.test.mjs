// Signing up and in, as people do it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, linkIn, member, open, open_connected, start, visitor } from "./support.mjs";

let site, browser;
before(async () => ([site, browser] = await Promise.all([start(), launch()])));
after(async () => {
  await browser?.close();
  await site?.stop();
});

test("somebody signs up by email, has the mail sent again, and comes back through its link", async () => {
  const { page, faults } = await visitor(browser, site);
  await open(page, "/");
  await page.getByRole("link", { name: "Create an account" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Email").fill("ann@example.org");
  await dialog.getByLabel("Display name").fill("Ann");
  await dialog.getByLabel("Password").fill("correct horse");
  await dialog.getByRole("button", { name: "Create account" }).click();
  await dialog.getByText("We sent a link to ann@example.org").waitFor();
  await site.mail("ann@example.org");

  // Signing in before the link was opened is refused, and offers another mail.
  await dialog.getByRole("link", { name: "Back to signing in" }).click();
  await dialog.getByLabel("Password").fill("correct horse");
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await dialog.getByRole("button", { name: "Send email again" }).click();
  await dialog.getByText("Sent again.").waitFor();
  const mail = await site.mail("ann@example.org", 2);

  await page.goto(linkIn(mail));
  await page.getByRole("status").getByText("You are signed in.").waitFor();
  await page.getByRole("link", { name: "Signed in as Ann" }).waitFor();
  assert.equal(new URL(page.url()).search, "", "reloading does not repeat the notice");
  await page.goto(linkIn(mail));
  await page.getByRole("alert").getByText("This link does not work any more").waitFor();
  assert.deepEqual(faults, []);
});

test("a wrong password is said to be wrong, and the right one brings people to where they were", async () => {
  const bob = await member(browser, site, "Bob");
  const { page, faults } = await visitor(browser, site);
  await open(page, "/rooms/");
  await page.getByRole("main").getByRole("link", { name: "Sign in" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Email").fill(bob.email);
  await dialog.getByLabel("Password").fill("wrong horse");
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await dialog.getByRole("alert").filter({ hasText: /\w/ }).waitFor();
  await dialog.getByLabel("Password").fill("correct horse");
  await dialog.getByLabel("Password").press("Enter");
  await page.getByRole("status").getByText("You are signed in.").waitFor();
  assert.equal(new URL(page.url()).pathname, "/rooms/");
  assert.deepEqual(faults, []);
});

test("somebody who forgot their password chooses a new one", async () => {
  const zoe = await member(browser, site, "Zoë");
  const { page, faults } = await visitor(browser, site);
  await open(page, "/posts/#forgot");
  await page.getByLabel("Email").and(page.locator(":focus")).waitFor();
  await page.getByLabel("Email").fill(zoe.email);
  await page.getByRole("button", { name: "Send email" }).click();
  await page.getByText("a mail is on its way").waitFor();
  await page.goto("about:blank");
  await open(page, linkIn(await site.mail(zoe.email)));
  const dialog = page.getByRole("dialog", { name: "Choose a new password" });
  await dialog.getByLabel("New password").fill("another horse");
  assert.doesNotMatch(page.url(), /reset/, "the token is out of sight");
  await dialog.getByRole("button", { name: "Save password" }).click();
  await page.getByText("Your new password is saved").waitFor();
  await page.getByLabel("Email").fill(zoe.email);
  await page.getByLabel("Password").fill("another horse");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Signed in as Zoë" }).waitFor();
  assert.deepEqual(faults, []);
});

test("whoever is signed in and chooses a new password is told that it is saved, and not that they were signed out", async () => {
  const uma = await member(browser, site, "Uma");
  const vic = await member(browser, site, "Vic");
  const choose = async (page, { email }, password) => {
    await page.request.post("/api/email/forgot", { data: { email } });
    await page.goto("about:blank");
    await open(page, linkIn(await site.mail(email)));
    const dialog = page.getByRole("dialog", { name: "Choose a new password" });
    await dialog.getByLabel("New password").fill(password);
    await dialog.getByRole("button", { name: "Save password" }).click();
    await page.getByText("Your new password is saved").waitFor();
    assert.equal(await page.getByText("You were signed out.").count(), 0);
  };
  const { page } = uma;
  await choose(page, uma, "another horse");
  const dialog = page.getByRole("dialog", { name: "Sign in" });
  await dialog.getByLabel("Email").fill(uma.email);
  await dialog.getByLabel("Password").fill("another horse");
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("status").getByText("You are signed in.").waitFor();
  // The password of somebody else ends no session here.
  await choose(page, vic, "a third horse");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Signed in as Uma" }).waitFor();
  assert.deepEqual([...uma.faults, ...vic.faults], []);
});

test("the keyboard goes along from one form for signing in to another, and to what it said", async () => {
  const { page, faults } = await visitor(browser, site);
  await open(page, "/posts/#sign-in");
  const dialog = page.getByRole("dialog");
  const email = dialog.getByLabel("Email").and(page.locator(":focus"));
  for (const name of ["Create an account", "Back to signing in", "Forgot password", "Back to signing in", "Create an account"]) {
    await dialog.getByRole("link", { name }).press("Enter");
    await email.waitFor();
  }
  await email.fill("wim@example.org");
  await dialog.getByLabel("Password").fill("correct horse");
  await dialog.getByLabel("Password").press("Enter");
  await page.locator("dialog p:focus").getByText("We sent a link to wim@example.org").waitFor();
  await dialog.getByRole("link", { name: "Back to signing in" }).press("Enter");
  await email.waitFor();
  assert.deepEqual(faults, []);
});

/** Says at the Discord look-alike who one is, or that one does not want to. */
async function answer(page, said) {
  await page.getByText("Who are you?").waitFor();
  await page.evaluate((said) => {
    const form = Object.assign(document.createElement("form"), { method: "post", enctype: "text/plain" });
    // The body of such a form is `name=value`: JSON, if the name begins it and the value ends it.
    const [begin, end] = [`${JSON.stringify(said).slice(0, -1)},"rest":"`, '"}'];
    form.append(Object.assign(document.createElement("input"), { name: begin, value: end }));
    document.body.append(form);
    form.submit();
  }, said);
}

test("somebody signs in through Discord, and whoever does not agree there is told that nothing happened", async () => {
  const { page, faults } = await visitor(browser, site);
  await open(page, "/posts/#sign-in");
  await page.getByRole("link", { name: "Continue with Discord" }).click();
  await answer(page, { cancel: true });
  await page.getByRole("alert").getByText("You did not give your consent").waitFor();

  await page.getByRole("link", { name: "Sign in" }).first().click();
  await page.getByRole("dialog").getByRole("link", { name: "Continue with Discord" }).click();
  await answer(page, { account: { id: "80351110224678912", username: "nelly", name: "Nelly" } });
  await page.getByRole("status").getByText("You are signed in.").waitFor();
  await page.getByRole("link", { name: "Signed in as Nelly" }).waitFor();
  assert.deepEqual(faults, []);
});

test("somebody who came through Discord adds an address, and signs in with it from then on", async () => {
  const { page, faults } = await visitor(browser, site);
  await open(page, "/posts/#sign-in");
  await page.getByRole("link", { name: "Continue with Discord" }).click();
  await answer(page, { account: { id: "80351110224678914", username: "pam", name: "Pam" } });
  await page.getByRole("link", { name: "Signed in as Pam" }).waitFor();
  await open(page, "/settings/");
  const form = page.getByRole("region", { name: "Add email and password" });
  await form.getByLabel("Email").fill("pam@example.org");
  await form.getByLabel("Password").fill("correct horse");
  await form.getByRole("button", { name: "Send email" }).click();
  await form.getByRole("alert").getByText("We sent a link to pam@example.org").waitFor();
  await page.goto(linkIn(await site.mail("pam@example.org")));
  await page.getByRole("status").getByText("from now on you can sign in this way, too").waitFor();
  await page.getByRole("region", { name: "Ways to sign in" }).getByText("pam@example.org").waitFor();
  await form.waitFor({ state: "detached" });

  const other = await visitor(browser, site);
  await open(other.page, "/posts/#sign-in");
  await other.page.getByLabel("Email").fill("pam@example.org");
  await other.page.getByLabel("Password").fill("correct horse");
  await other.page.getByRole("button", { name: "Sign in" }).click();
  await other.page.getByRole("link", { name: "Signed in as Pam" }).waitFor();
  assert.deepEqual([...faults, ...other.faults], []);
});

test("without JavaScript somebody signs in at another site, is told what came of it, and signs out", async () => {
  const { page, faults } = await visitor(browser, site, { javaScriptEnabled: false });
  await page.goto("/");
  await page.getByRole("link", { name: "Read posts" }).click();
  assert.match(await page.locator("main").innerText(), /signing in with an address, need it/);
  assert.equal(await page.getByLabel("Password").filter({ visible: true }).count(), 0, "no form that could not be sent");
  await page.getByRole("link", { name: "Continue with Discord" }).click();
  await answer(page, { cancel: true });
  await page.getByRole("alert").getByText("You did not give your consent").waitFor();

  await page.goto("/posts/");
  await page.getByRole("link", { name: "Continue with Discord" }).click();
  await answer(page, { account: { id: "80351110224678915", username: "norma", name: "Norma" } });
  await page.getByRole("status").getByText("You are signed in.").waitFor();
  await page.getByRole("link", { name: "Norma" }).click();
  await page.getByRole("heading", { name: "Where you are signed in" }).waitFor();
  await page.getByRole("region", { name: "Ways to sign in" }).getByText("norma").waitFor();
  await page.getByRole("link", { name: "Sign out here" }).click();
  await page.getByRole("link", { name: "Sign in", exact: true }).waitFor();
  assert.equal((await page.context().request.get("/api/me")).status(), 401);
  assert.deepEqual(faults, []);
});

test("signing in and up begin and end where one is", async () => {
  const { page, faults } = await visitor(browser, site);
  await open(page, "/rooms/r-01kb3x2v5q8m4n7p9r1s3t5v7w");
  await page.getByRole("banner").getByRole("link", { name: "Sign in" }).click();
  const dialog = page.getByRole("dialog");
  for (const name of ["Create an account", "Back to signing in", "Forgot password", "Back to signing in"]) {
    await dialog.getByRole("link", { name }).click();
    assert.equal(new URL(page.url()).pathname, "/rooms/r-01kb3x2v5q8m4n7p9r1s3t5v7w", name);
  }
  await dialog.getByRole("link", { name: "Continue with Discord" }).click();
  await answer(page, { account: { id: "80351110224678913", username: "otto", name: "Otto" } });
  await page.getByRole("link", { name: "Signed in as Otto" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/rooms/r-01kb3x2v5q8m4n7p9r1s3t5v7w");
  assert.deepEqual(faults, []);
});

test("the keyboard alone is enough, and the focus stays in a dialog and comes back from it", async () => {
  const { page, faults } = await visitor(browser, site);
  await open(page, "/");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to content");
  await page.getByRole("link", { name: "Sign in", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  for (let step = 0; step < 12; step += 1) {
    await page.keyboard.press("Tab");
    const outside = await page.evaluate(() => document.activeElement !== document.body && !document.activeElement.closest("dialog"));
    assert.equal(outside, false, "the focus left the dialog");
  }
  // What is dragged out of a field ends outside, and closes nothing.
  const field = await page.getByLabel("Email").boundingBox();
  await page.mouse.move(field.x + 20, field.y + 10);
  await page.mouse.down();
  await page.mouse.move(5, 5);
  await page.mouse.up();
  assert.ok(await page.getByRole("dialog").isVisible());
  await page.mouse.click(5, 5);
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Sign in", exact: true }).press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.deepEqual(faults, []);
});

test("somebody changes their name, is told when it cannot be had, and others see the new one", async () => {
  const ann = await member(browser, site, "Anna");
  const bob = await member(browser, site, "Boris");
  const { room } = await (await bob.page.request.post("/api/rooms", { data: { name: "Names" } })).json();
  await ann.page.request.post(`/api/rooms/${room.id}/join`);
  await ann.page.request.post("/api/posts", { data: { title: "By whom?" } });
  await open_connected(bob.page, `/rooms/${room.id}`);

  await open(ann.page, "/settings/");
  const form = ann.page.getByRole("region", { name: "Profile" });
  const name = form.getByLabel("Display name");
  assert.equal(await name.inputValue(), "Anna");
  await name.fill("system");
  await form.getByRole("button", { name: "Save name" }).click();
  await form.getByRole("alert").getByText("no name of the system").waitFor();
  await ann.page.getByRole("link", { name: "Signed in as Anna" }).waitFor();
  await name.fill("  Hannah ");
  await name.press("Enter");
  await ann.page.getByRole("status").getByText("Your name is changed.").waitFor();
  assert.equal(await form.getByRole("alert", { includeHidden: true }).textContent(), "");
  assert.equal(await name.inputValue(), "Hannah");
  await form.locator(".name", { hasText: "Hannah" }).waitFor();
  await ann.page.getByRole("link", { name: "Signed in as Hannah" }).waitFor();

  // Where a page was open before, the next message tells.
  await ann.page.request.post(`/api/rooms/${room.id}/messages`, { data: { body: "It is me" } });
  await bob.page.getByRole("log").getByText("Hannah").first().waitFor();
  await open(bob.page, "/posts/");
  await bob.page.getByRole("article").filter({ hasText: "By whom?" }).getByText("Hannah").first().waitFor();
  assert.deepEqual([...ann.faults, ...bob.faults], []);
});

test("whoever wanted something that needs an account gets there by signing in, and other windows learn of it", async () => {
  const sue = await member(browser, site, "Sue");
  const { page, context, faults } = await visitor(browser, site);
  const other = await context.newPage();
  await other.clock.install();
  await open(other, "/posts/");
  await open(page, "/posts/?next=/settings/#sign-in");
  await page.getByLabel("Email").fill(sue.email);
  await page.getByLabel("Password").fill("correct horse");
  await page.getByLabel("Password").press("Enter");
  await page.getByRole("status").getByText("You are signed in.").waitFor();
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  await other.clock.fastForward(60_000);
  await other.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await other.getByRole("link", { name: "Signed in as Sue" }).waitFor();
  assert.deepEqual(faults, []);
});

test("where nobody can sign in, nobody is asked to", async () => {
  const { page, context, faults } = await visitor(browser, site);
  await context.addInitScript(() => {
    document.addEventListener("readystatechange", () => {
      const boot = document.querySelector("meta[name=boot]");
      boot.content = JSON.stringify({ ...JSON.parse(boot.content), providers: [] });
    }, { once: true });
  });
  await open(page, "/");
  await page.getByText("Signing up is closed at the moment.").waitFor();
  assert.equal(await page.getByRole("link", { name: "Create an account" }).count(), 0);
  assert.deepEqual(faults, []);
});

test("ending a session elsewhere signs that browser out", async () => {
  const ann = await member(browser, site, "Ann");
  const other = await visitor(browser, site);
  await ann.sign_in(other.context);
  await open(other.page, "/posts/");
  await open(ann.page, "/settings/");
  await ann.page.getByRole("button", { name: "End", exact: true }).first().click();
  await ann.page.getByText("The session is ended.").waitFor();
  // Whatever is tried says so, unless the page asked who is signed in just then, and took the form away.
  const write = async () => {
    await other.page.getByRole("link", { name: "Write a post" }).first().click({ timeout: 5000 });
    await other.page.getByLabel("Title").fill("Too late", { timeout: 5000 });
    await other.page.getByRole("button", { name: "Publish" }).click({ timeout: 5000 });
  };
  await write().catch(() => undefined);
  await other.page.getByText("You were signed out.").first().waitFor();
  await other.page.getByRole("link", { name: "Sign in" }).first().waitFor();
  assert.deepEqual([...ann.faults, ...other.faults], []);
});

test("the keyboard goes on at what is left when a session is ended or a way to sign in removed", async () => {
  const ida = await member(browser, site, "Ida");
  const { page, faults } = ida;
  for (let count = 0; count < 3; count += 1) await ida.sign_in((await visitor(browser, site)).context);
  const way = (id, provider, email) => ({ id, provider, email, createdAt: "2026-01-01T00:00:00Z", current: provider === "email" });
  let identities = [way("i-1", "discord", null), way("i-2", "reddit", null), way("i-3", "email", ida.email)];
  await page.route("**/api/identities", (route) => route.fulfill({ json: { ok: true, identities } }));
  await page.route("**/api/identities/*", (route) => {
    identities = identities.filter(({ id }) => !route.request().url().endsWith(id));
    return route.fulfill({ json: { ok: true } });
  });
  await open(page, "/settings/");
  const ways = page.getByRole("region", { name: "Ways to sign in" });
  for (const left of [2, 1]) {
    await ways.getByRole("button", { name: "Remove" }).first().press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Remove" }).press("Enter");
    await page.waitForFunction((left) => document.querySelectorAll("section[aria-labelledby=ways] li").length === left, left);
    await ways.locator(left > 1 ? "li:first-child button:focus" : "h2:focus").waitFor();
  }

  const sessions = page.getByRole("region", { name: "Where you are signed in" });
  const end = sessions.getByRole("button", { name: "End", exact: true });
  await end.nth(2).press("Enter");
  await page.getByText("The session is ended.").waitFor();
  await sessions.locator("li:nth-child(3) button:focus").waitFor();
  assert.equal(await end.count(), 2);
  await sessions.getByRole("button", { name: "Sign out everywhere else" }).press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere else" }).press("Enter");
  await page.getByText("You are signed out everywhere else.").waitFor();
  await sessions.locator("h2:focus").waitFor();
  assert.equal(await end.count(), 0);
  assert.deepEqual(faults, []);
});

test("whoever could not be signed out is told so, and loses nothing", async () => {
  const jan = await member(browser, site, "Jan");
  const { page, faults } = jan;
  await open(page, "/posts/#write");
  await page.getByLabel("Title").fill("Unfinished");
  await open(page, "/settings/");
  await page.route("**/api/logout", (route) => route.abort());
  await page.getByRole("button", { name: "Sign out here" }).click();
  await page.getByRole("alert").getByText("did not answer").waitFor();
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  await page.getByRole("link", { name: "Signed in as Jan" }).waitFor();
  assert.equal(await page.evaluate(() => Object.keys(localStorage).length), 1, "what was written is still there");
  await page.unroute("**/api/logout");
  await page.getByRole("button", { name: "Sign out here" }).click();
  await page.getByRole("link", { name: "Sign in", exact: true }).waitFor();
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
  assert.deepEqual(faults, []);
});
