// Reading and writing posts.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { give, launch, member, open, open_connected, PNG, scroll_to, start, titled, visitor } from "./support.mjs";

let site, browser, ann;
before(async () => {
  [site, browser] = await Promise.all([start(), launch()]);
  ann = await member(browser, site, "Ann");
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

const publish = (person, title, body = "") =>
  person.page.request.post("/api/posts", { data: { title, body } }).then(async (answer) => (await answer.json()).post);

test("a post is written with pictures that were dropped and pasted, edited, and deleted", async () => {
  const { page, faults } = ann;
  await open(page, "/posts/");
  await page.getByRole("link", { name: "Write a post" }).first().click();
  await page.getByLabel("Title").fill("Tomatoes");
  await page.getByRole("textbox", { name: "Text", exact: true }).fill("They like **warmth**.");
  const form = page.locator("form.composer");
  await give(form, "drop", [{ name: "one.png", type: "image/png", content: PNG }]);
  await give(form, "paste", [{ name: "two.png", type: "image/png", content: Buffer.concat([PNG]) }]);
  await give(form, "drop", [{ name: "notes.txt", type: "text/plain", content: Buffer.from("no") }]);
  await form.getByText("Only pictures").waitFor();
  await form.getByRole("button", { name: "Remove notes.txt" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".uploads li").length === 2 && !document.querySelector("progress"));
  await page.getByRole("button", { name: "Preview" }).click();
  await page.locator(".preview strong", { hasText: "warmth" }).waitFor();
  await page.getByRole("button", { name: "Publish" }).click();
  const post = page.getByRole("article", { name: "Tomatoes" });
  await post.getByText("warmth").waitFor();
  const pictures = post.getByRole("img", { name: "Attached picture" });
  assert.equal(await pictures.count(), 2);
  await page.waitForFunction(() => [...document.querySelectorAll(".attachments img")].every((image) => image.naturalWidth > 0));

  await post.getByRole("button", { name: "Edit" }).click();
  await page.getByLabel("Title").fill("Tomatoes and basil");
  await page.getByRole("button", { name: "Save" }).click();
  const edited = page.getByRole("article", { name: "Tomatoes and basil" });
  await edited.getByText("edited").waitFor();
  await edited.getByRole("button", { name: "Copy link" }).click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /\/posts\/u-/);
  await edited.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("The post is deleted.").waitFor();
  assert.equal(await edited.count(), 0);
  assert.deepEqual(faults, []);
});

test("older posts come while one scrolls, each once, and going back leads to where one was", async () => {
  for (let number = 0; number < 45; number += 1) await publish(ann, `Post ${number}.`, "A line.\n\nAnother one.");
  const { page, faults } = await visitor(browser, site);
  await open(page, "/posts/");
  assert.ok((await page.getByRole("article").count()) < 45);
  await scroll_to(page.getByText("Post 0.", { exact: true }), () => page.mouse.wheel(0, 4000));
  const titles = await page.locator("article h2").allTextContents();
  assert.equal(titles.length, new Set(titles).size);
  assert.ok(titles.includes("Post 44.") && titles.includes("Post 0."));
  await page.getByRole("link", { name: "Post 0.", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "Post 0." }).waitFor();
  await titled(page, "Post 0.");
  // The browser's way back and ours.
  const back = [() => page.goBack(), () => page.getByRole("link", { name: "← Posts" }).click()];
  for (const go_back of back) {
    await go_back();
    await page.getByRole("heading", { level: 1, name: "Posts" }).waitFor();
    await page.waitForFunction(() => scrollY > 2000);
    assert.deepEqual(await page.locator("article h2").allTextContents(), titles);
    await page.getByRole("link", { name: "Post 0.", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Post 0." }).waitFor();
  }
  await open(page, "/posts/");
  await page.evaluate(() => scrollTo(0, 900));
  await page.waitForFunction(() => history.state?.top === 900);
  await page.reload();
  await page.waitForFunction(() => document.body.children.length === 1 && scrollY === 900);
  assert.deepEqual(faults, []);
});

test("what others write while one reads is said, and shown when one wants it, without moving what is read", async () => {
  const bob = await member(browser, site, "Bob");
  const { page, faults } = bob;
  await open_connected(page, "/posts/");
  await page.getByRole("article").nth(12).scrollIntoViewIfNeeded();
  const seen = page.getByRole("article").nth(12);
  const [title, place] = [await seen.getAttribute("id"), await seen.evaluate((one) => one.getBoundingClientRect().top)];
  await publish(ann, "Breaking news 1");
  await page.getByRole("button", { name: "1 new post" }).waitFor();
  await publish(ann, "Breaking news 2");
  const button = page.getByRole("button", { name: "2 new posts" });
  await button.waitFor();
  assert.equal(await page.getByRole("article", { name: "Breaking news 1" }).count(), 0);
  assert.equal(await page.locator(`[id="${title}"]`).evaluate((one) => one.getBoundingClientRect().top), place, "nothing has moved");
  await button.press("Enter");
  await page.getByRole("article", { name: "Breaking news 1" }).waitFor();
  assert.deepEqual((await page.locator("article h2").allTextContents()).slice(0, 2), ["Breaking news 2", "Breaking news 1"]);
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Breaking news 2", "reading goes on there");
  assert.equal(await button.count(), 0);

  // One's own post is no news.
  await page.getByRole("link", { name: "Write a post" }).first().click();
  await page.getByLabel("Title").fill("My own");
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByRole("article", { name: "My own" }).waitFor();
  await publish(ann, "Breaking news 3");
  await page.getByRole("button", { name: "1 new post" }).waitFor();
  assert.equal(await page.getByRole("article", { name: "My own" }).count(), 1);
  assert.deepEqual(faults, []);
});

test("without JavaScript posts can be read, one by one and page by page", async () => {
  const post = await publish(ann, "Readable", "By **everybody**.");
  const { page } = await visitor(browser, site, { javaScriptEnabled: false });
  await page.goto("/posts/");
  await page.getByRole("link", { name: "Readable" }).click();
  assert.equal(new URL(page.url()).pathname, `/posts/${post.id}`);
  await page.locator("strong", { hasText: "everybody" }).waitFor();
  await page.goto("/posts/");
  await page.getByRole("link", { name: "Older posts" }).click();
  const titles = await page.locator("article h2").allTextContents();
  assert.ok(titles.length > 0);
  // The same address shows the same posts to whoever has it.
  const other = await visitor(browser, site);
  await open(other.page, page.url());
  assert.deepEqual((await other.page.locator("article h2").allTextContents()).slice(0, titles.length), titles);
  await other.page.getByRole("link", { name: "Newest posts" }).click();
  await other.page.getByRole("link", { name: "Readable" }).waitFor();
  assert.deepEqual(other.faults, []);
});

test("whoever uploaded files finds them in the settings, and removes one from everywhere", async () => {
  const { page, context, faults } = await member(browser, site, "Fay");
  const files = page.getByRole("region", { name: "Your files" });
  const entry = (name) => files.getByRole("listitem").filter({ has: page.getByRole("link", { name, exact: true }) });
  await page.route("**/api/uploads?*", (route) => route.abort(), { times: 1 });
  await open(page, "/settings/");
  await files.getByRole("alert").getByText("did not answer").waitFor();
  await files.getByRole("button", { name: "Try again" }).click();
  await files.getByText("You have uploaded nothing yet.").waitFor();

  const addresses = [];
  for (let number = 0; number <= 20; number += 1) {
    const file = { name: `${number}.png`, mimeType: "image/png", buffer: PNG };
    addresses.push((await (await context.request.post("/api/upload", { multipart: { file } })).json()).url);
  }
  await open(page, "/settings/");
  await entry("20.png").getByText("1 KiB").waitFor();
  assert.equal(await entry("0.png").count(), 0, "the oldest is on the next page");
  await files.getByRole("button", { name: "Show older files" }).click();
  await entry("0.png").locator("button:focus").waitFor();
  assert.deepEqual(await files.getByRole("link").allTextContents(), addresses.map((_, number) => `${20 - number}.png`));

  const remove = entry("7.png").getByRole("button", { name: "Remove" });
  await remove.press("Enter");
  const dialog = page.getByRole("dialog", { name: /Remove “7.png”\?/ });
  await dialog.getByRole("button", { name: "Cancel" }).press("Enter");
  assert.equal((await context.request.get(addresses[7])).status(), 200);
  await remove.press("Enter");
  await dialog.getByRole("button", { name: "Remove" }).press("Enter");
  await page.getByRole("status").getByText("“7.png” is removed.").waitFor();
  assert.equal(await entry("7.png").count(), 0);
  assert.equal((await context.request.get(addresses[7])).status(), 404);
  await entry("6.png").locator("button:focus").waitFor();
  assert.deepEqual(faults, []);
});

test("what people write never runs and never becomes a page of its own", async () => {
  const attacks = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "[click](javascript:alert(1)) [click](data:text/html,<script>alert(1)</script>) [click](//evil.example)",
    "![x](javascript:alert(1)) ![x](https://evil.example/x.png) ![\" onerror=alert(1)](/uploads/x.png)",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<a href=\"https://a.example\" onmouseover=alert(1)>x</a> <iframe src=https://evil.example></iframe> <form action=/api/logout>",
    "`</code><script>alert(1)</script>`\n\n```\n</pre><script>alert(1)</script>\n```",
  ];
  const mallory = await member(browser, site, "<img src=x onerror=alert(1)>");
  for (const attack of attacks) await publish(mallory, attack.slice(0, 150).replaceAll("\n", " "), attack);
  const foreign = [];
  for (const javaScriptEnabled of [true, false]) {
    const { page, faults } = await visitor(browser, site, { javaScriptEnabled });
    page.on("request", (request) => request.url().startsWith(site.base) || request.url().startsWith("data:") || request.url().startsWith("blob:") || foreign.push(request.url()));
    for (const path of ["/", "/posts/"]) {
      await (javaScriptEnabled ? open(page, path) : page.goto(path));
      await page.getByText("onerror=alert(1)").first().waitFor();
      assert.equal(await page.locator("main :is(script, iframe, svg, math, style, object, embed, form[action='/api/logout']), main [onerror], main [onload], main [onmouseover]").count(), 0);
      for (const href of await page.locator("main a").evaluateAll((links) => links.map((link) => link.getAttribute("href")))) {
        assert.match(href, /^(https?:\/\/|\/(?!\/)|#|mailto:)/);
      }
    }
    assert.deepEqual(faults, []);
  }
  assert.deepEqual(foreign, [], "nothing is loaded from elsewhere");
});

test("what people write looks the same in the browser as in the pages of the server", async () => {
  // The server is held against the same table (core/src/web/markdown.rs).
  const examples = JSON.parse(readFileSync(new URL("markdown.json", import.meta.url), "utf8").replaceAll("https://here.example", site.base));
  const { page, faults } = ann;
  await open(page, "/posts/#write");
  const form = page.locator("form.composer");
  // What renders in the browser comes with the first text.
  await form.getByRole("textbox", { name: "Text", exact: true }).fill("first");
  await form.getByRole("button", { name: "Preview" }).click();
  await form.locator(".preview .text:not(.as-written)").getByText("first").waitFor();
  for (const [text, wanted] of examples) {
    await form.getByRole("button", { name: "Write", exact: true }).click();
    await form.getByRole("textbox", { name: "Text", exact: true }).fill(text);
    await form.getByRole("button", { name: "Preview" }).click();
    const [shown, expected] = await form.locator(".preview .text").evaluate((element, wanted) => {
      const normal = (html) => Object.assign(document.createElement("div"), { innerHTML: html }).innerHTML.replaceAll("\n", "");
      return [normal(element.innerHTML), normal(wanted)];
    }, wanted);
    assert.equal(shown, expected, text);
  }
  // Pictures that are not there.
  assert.deepEqual(faults.filter((fault) => !/policy: img-src/.test(fault)), []);
});

test("no picture, link or attachment leads to an operation, however its address is spelled", async () => {
  const cat = await member(browser, site, "Cat");
  const ways = ["%2e%2e/api/logout", ".%2E/api/logout", "..\\api/logout", "x/../../api/logout", "%2e%2e/api/email/verify?token=x"];
  const addresses = ["/api/logout", ...ways.map((way) => `${site.base}/uploads/${way}`)];
  const body = addresses.map((address) => `![cat](${address}) [photo](${address})`).join("\n\n");
  const data = { title: "Cats", body, attachments: [`${site.base}/api/logout`, `${site.base}//%61pi/logout`] };
  const { post } = await (await cat.page.request.post("/api/posts", { data })).json();
  const asked = [];
  const { page, context } = cat;
  page.on("request", (request) => request.isNavigationRequest() || asked.push(new URL(request.url()).pathname));
  const look = async () => {
    const entry = page.locator(`[id="${post.id}"]`);
    await entry.getByText("cat photo").first().waitFor();
    await entry.getByText(data.attachments[1]).waitFor();
    assert.equal(await entry.locator(".text img, .text a, .attachments a").count(), 0);
  };
  await page.route(/\.js$/, (route) => route.abort());
  await page.goto("/posts/");
  await look();
  await page.unroute(/\.js$/);
  await open(page, "/posts/");
  await look();
  // Rendered by the server so far, and in the browser from here on.
  await page.getByRole("link", { name: "Cats", exact: true }).click();
  await page.waitForURL(`**/posts/${post.id}`);
  await look();
  // Even a picture that gets there does nothing.
  const address = new URL("/api/logout", site.base).href;
  await page.evaluate((address) => new Promise((gone) => Object.assign(new Image(), { onerror: gone, onload: gone, src: address })), address);
  assert.deepEqual(asked.filter((path) => /logout|verify/.test(path)), ["/api/logout"]);
  assert.equal((await context.request.get("/api/me")).status(), 200);
});

test("an attachment from elsewhere with any name can be kept while a post is edited, and is not shown as a picture", async () => {
  const { page, faults } = ann;
  const attachments = ["https://elsewhere.example/100%zz.png", "https://elsewhere.example/"];
  await page.request.post("/api/posts", { data: { title: "Odd names", body: "", attachments } });
  await open(page, "/posts/");
  const post = page.getByRole("article", { name: "Odd names" });
  await post.getByRole("button", { name: "Edit" }).click();
  await page.getByText("100%zz.png").waitFor();
  assert.equal(await page.locator(".uploads img").count(), 0);
  await page.getByLabel("Title").fill("Odd names, kept");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("article", { name: "Odd names, kept" }).getByText("100%zz.png").waitFor();
  assert.deepEqual(faults, []);
});

test("whoever corrects a post whose answer was lost is told that the first version was published, and may publish again", async () => {
  const { page } = ann;
  await open(page, "/posts/#write");
  const lose = async (route) => {
    await route.fetch();
    await route.abort();
  };
  await page.route("**/api/posts", lose, { times: 1 });
  const form = page.locator("form.composer");
  await form.getByLabel("Title").fill("Lost answr");
  await form.getByRole("button", { name: "Publish" }).click();
  await form.getByRole("alert").filter({ hasText: /\w/ }).waitFor();
  await form.getByLabel("Title").fill("Lost answer");
  await form.getByRole("button", { name: "Publish" }).click();
  await form.getByText("An earlier version was published already").waitFor();
  await form.getByRole("button", { name: "Publish" }).click();
  await page.getByRole("article", { name: "Lost answer" }).waitFor();
  const titles = (await (await page.request.get("/api/posts?limit=2")).json()).map((post) => post.title);
  assert.deepEqual(titles, ["Lost answer", "Lost answr"]);
});

test("a file that was refused is not dropped silently, and one beside the form does not leave the page", async () => {
  const { page, faults } = ann;
  await open(page, "/posts/#write");
  const form = page.locator("form.composer");
  await form.getByLabel("Title").fill("With a file");
  await give(form, "drop", [{ name: "notes.txt", type: "text/plain", content: Buffer.from("no") }]);
  await form.getByRole("button", { name: "Publish" }).click();
  await form.getByText("A file could not be attached.").waitFor();
  // A drop that nobody takes opens the file in place of the page.
  const taken = await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["x"], "x.png", { type: "image/png" }));
    return ["dragover", "drop"].map((type) => !document.querySelector("h1").dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer })));
  });
  assert.deepEqual(taken, [true, true]);
  // Office programs put a picture of a text beside it.
  const left = await form.getByRole("textbox", { name: "Text", exact: true }).evaluate((area) => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add("a table", "text/plain");
    clipboardData.items.add("<table></table>", "text/html");
    clipboardData.items.add(new File(["x"], "image.png", { type: "image/png" }));
    return area.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData }));
  });
  assert.ok(left, "the field pastes the text");
  await form.getByRole("button", { name: "Remove notes.txt" }).click();
  assert.equal(await form.locator(".uploads li").count(), 0);
  await form.getByRole("button", { name: "Publish" }).click();
  await page.getByRole("article", { name: "With a file" }).waitFor();
  assert.deepEqual(faults, []);
});

test("where the browser lets nobody copy, the text is shown instead", async () => {
  const { page, context, faults } = await visitor(browser, site);
  await context.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
  await open(page, "/posts/");
  await page.getByRole("article").first().getByRole("button", { name: "Copy link" }).click();
  await page.getByRole("alert").getByText(/does not let us copy here.*\/posts\/u-/).waitFor();
  assert.deepEqual(faults, []);
});

test("what follows a picture in a text stays where it is when the picture comes", async () => {
  const file = { name: "tall.png", mimeType: "image/png", buffer: PNG };
  const { url } = await (await ann.page.request.post("/api/upload", { multipart: { file } })).json();
  const post = await publish(ann, "Pictures", `Before\n\n![a picture](${url})\n\n| a |\n|-|\n| ![in a table](${url}) |\n\n> ![cited](${url})\n\nAfter`);
  for (const [width, scripted] of [[1280, true], [360, true], [360, false]]) {
    const { page, context, faults } = await visitor(browser, site, { viewport: { width, height: 2400 } });
    if (!scripted) await context.route(/\.js$/, (route) => route.abort());
    let let_go;
    const held = new Promise((go_on) => (let_go = go_on));
    // Far from square, and larger than its room.
    const picture = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="3000"><rect width="300" height="3000"/></svg>';
    await page.route("**/uploads/**", async (route) => {
      await held;
      await route.fulfill({ contentType: "image/svg+xml", body: picture });
    });
    await page.goto(`/posts/${post.id}`, { waitUntil: "domcontentloaded" });
    if (scripted) await page.waitForFunction(() => document.body.children.length === 1);
    const after = page.getByText("After", { exact: true });
    const place = () => after.boundingBox().then(({ x, y }) => ({ x, y }));
    const before = await place();
    const pictures = page.locator(".text img");
    const sizes = await pictures.evaluateAll((all) => all.map((one) => one.naturalWidth));
    assert.deepEqual(sizes, [0, 0, 0], "none is here yet");
    let_go();
    for (const one of await pictures.all()) await one.evaluate((one) => one.decode());
    assert.deepEqual(await place(), before, `${width} pixels, with the application: ${scripted}`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "nothing is wider than the page");
    assert.deepEqual(faults, []);
  }
});

test("pages speak German to whoever asks, and the choice in the settings stays", async () => {
  const { page, faults } = await visitor(browser, site, { locale: "de-DE" });
  await open(page, "/posts/");
  await page.getByRole("heading", { level: 1, name: "Beiträge" }).waitFor();
  await open(page, "/settings/").catch(() => {});
  const member_page = ann.page;
  await open(member_page, "/settings/");
  await member_page.getByLabel("Language").selectOption("de");
  await member_page.getByRole("heading", { level: 1, name: "Einstellungen" }).waitFor();
  await member_page.getByLabel("Farben").selectOption("dark");
  await open(member_page, "/posts/");
  await member_page.getByRole("heading", { level: 1, name: "Beiträge" }).waitFor();
  assert.equal(await member_page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), "dark");
  await open(member_page, "/settings/");
  await member_page.getByLabel("Sprache").selectOption("");
  await member_page.getByLabel("Theme").selectOption("");
  assert.deepEqual([...faults, ...ann.faults], []);
});

test("a list that cannot be loaded says so and can be tried again", async () => {
  const { page, context } = await visitor(browser, site);
  await open(page, "/");
  await context.setOffline(true);
  await page.getByRole("link", { name: "Read posts" }).click();
  await page.getByRole("alert").getByText(/offline|did not answer/).waitFor();
  await context.setOffline(false);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("article").first().waitFor();
});

const title = (page) => page.locator("form.composer").getByLabel("Title");
const focused = (page) => page.evaluate(() => document.activeElement.textContent.trim());

test("what is being written outlives other pages, a reload and the session, and is nobody else's", async () => {
  const eve = await member(browser, site, "Eve");
  const { page, context, faults } = eve;
  await open(page, "/posts/#write");
  await title(page).fill("Half a thought");
  await page.locator("form.composer input[type=file]").setInputFiles({ name: "one.png", mimeType: "image/png", buffer: PNG });
  await page.waitForFunction(() => document.querySelector(".uploads li") && !document.querySelector("progress"));
  const is_there = async () => {
    await page.waitForFunction(() => document.querySelector("form.composer input")?.value === "Half a thought");
    assert.equal(await page.locator(".uploads img").count(), 1);
  };
  await page.getByRole("banner").getByRole("link", { name: "Rooms" }).click();
  await page.getByRole("heading", { name: "Rooms" }).waitFor();
  await page.goBack();
  await is_there();
  await page.reload();
  await is_there();

  await context.clearCookies();
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("You were signed out.").first().waitFor();
  await page.getByText("Your session is over.").waitFor();
  await is_there();
  await ann.sign_in(context);
  await open(page, "/posts/");
  await page.getByRole("link", { name: "Write a post" }).click();
  assert.equal(await title(page).inputValue(), "", "what one wrote is shown to nobody else");

  // Who is not signed in is asked to be, and comes back to the form.
  await context.clearCookies();
  await open(page, "/");
  await open(page, "/posts/#write");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Email").fill(eve.email);
  await dialog.getByLabel("Password").fill("correct horse");
  await dialog.getByLabel("Password").press("Enter");
  await page.getByRole("status").getByText("You are signed in.").waitFor();
  await is_there();
  await title(page).press("Control+Enter");
  await page.getByRole("article", { name: "Half a thought" }).waitFor();
  assert.equal(await focused(page), "Half a thought", "reading goes on at the post");
  await page.getByRole("link", { name: "Write a post" }).click();
  assert.equal(await title(page).inputValue(), "");

  // What is thrown away is asked for, and gone.
  await title(page).fill("A whim");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("dialog", { name: "Discard what you wrote?" }).getByRole("button", { name: "Discard" }).click();
  await page.locator(".invitation:focus").getByText("Write a post").waitFor();
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);

  // Who signs out leaves nothing behind.
  await page.getByRole("link", { name: "Write a post" }).click();
  await title(page).fill("Another whim");
  await open(page, "/settings/");
  await page.getByRole("button", { name: "Sign out here" }).click();
  await page.getByRole("link", { name: "Sign in", exact: true }).first().waitFor();
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
  assert.deepEqual(faults, []);
});

test("the keyboard goes on where it was when a post is edited or deleted, and a file removed", async () => {
  const { page, faults } = ann;
  await publish(ann, "Lower");
  await publish(ann, "Upper");
  await open(page, "/posts/");
  const post = page.getByRole("article").first();
  const edit = post.getByRole("button", { name: "Edit" });
  for (const way of ["Save", "Cancel"]) {
    await edit.press("Enter");
    await post.getByRole("button", { name: way }).press("Enter");
    await post.locator("button:focus").getByText("Edit").waitFor();
  }
  await edit.press("Enter");
  const picker = post.locator("input[type=file]");
  const give_file = (name) => picker.setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from("no") });
  for (const name of ["one.txt", "two.txt", "one.txt"]) await give_file(name);
  assert.equal(await post.locator(".uploads li").count(), 3, "the same file can be chosen again");
  await post.getByRole("button", { name: "Remove one.txt" }).first().press("Enter");
  await post.getByRole("button", { name: "Remove two.txt" }).and(page.locator(":focus")).press("Enter");
  await post.getByRole("button", { name: "Remove one.txt" }).and(page.locator(":focus")).press("Enter");
  await post.getByRole("textbox", { name: "Text", exact: true }).and(page.locator(":focus")).waitFor();
  await post.getByRole("button", { name: "Cancel" }).press("Enter");
  await post.getByRole("button", { name: "Delete" }).press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).press("Enter");
  await page.getByRole("article", { name: "Lower" }).locator("a:focus").waitFor();
  assert.deepEqual(faults, []);
});

test("an upload that failed is tried again, and whoever was told to wait is told no longer", async () => {
  const { page, faults } = ann;
  await open(page, "/posts/#write");
  const form = page.locator("form.composer");
  await page.route("**/api/upload", (route) => route.abort(), { times: 1 });
  await form.locator("input[type=file]").setInputFiles({ name: "one.png", mimeType: "image/png", buffer: PNG });
  const again = form.getByRole("button", { name: "Try again: one.png" });
  await again.waitFor();
  let let_go;
  const held = new Promise((go_on) => (let_go = go_on));
  await page.route("**/api/upload", async (route) => {
    await held;
    await route.continue();
  });
  await again.click();
  await form.locator("progress").waitFor();
  await form.getByText(/\d%/).waitFor();
  await title(page).fill("Patience");
  await form.getByRole("button", { name: "Publish" }).click();
  await form.getByText("Wait until all files are uploaded.").waitFor();
  let_go();
  await form.getByText("Wait until all files are uploaded.").waitFor({ state: "detached" });
  await form.getByRole("button", { name: "Publish" }).click();
  await page.getByRole("article", { name: "Patience" }).getByRole("img", { name: "Attached picture" }).waitFor();
  await page.unroute("**/api/upload");
  assert.deepEqual(faults, []);
});

test("what the server rendered stays until there is more to show, however long that takes", async () => {
  const { page, faults } = await visitor(browser, site);
  await page.clock.install();
  let let_go;
  const held = new Promise((go_on) => (let_go = go_on));
  await page.route("**/api/posts?*", async (route) => {
    await held;
    await route.continue();
  });
  const asked = page.waitForRequest("**/api/posts?*");
  await page.goto("/posts/");
  await asked;
  await page.clock.runFor(60_000);
  assert.equal(await page.locator("body > main article").count(), 20);
  assert.equal(await page.locator("#app:not([hidden])").count(), 0);
  let_go();
  await page.clock.resume();
  await page.locator("#app:not([hidden]) article").nth(19).waitFor();
  assert.deepEqual(faults, []);
});

test("a post is looked at again when one comes back, and what follows it has a title of its own", async () => {
  const post = await publish(ann, "A first version", `[a room](/rooms/r-01kb3x2v5q8m4n7p9r1s3t5v7w)\n\n| ${Array.from("abcdefgh", (letter) => `${letter}bcdefghijk`).join(" | ")} |\n${"|-".repeat(8)}|`);
  const bea = await member(browser, site, "Bea", { viewport: { width: 360, height: 800 } });
  const { page, faults } = bea;
  await open(page, `/posts/${post.id}`);
  const lines = await page.locator("th").first().evaluate((cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return range.getClientRects().length;
  });
  assert.equal(lines, 1, "words in a table are whole");
  await ann.page.request.patch(`/api/posts/${post.id}`, { data: { title: "A second version" } });
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.getByRole("heading", { level: 1, name: "A second version" }).waitFor();
  // Also for those who cannot hover.
  const times = page.getByRole("article").locator(".times time");
  const wanted = await times.evaluateAll((all) => all.map((one) => new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "short" }).format(new Date(one.dateTime))));
  assert.deepEqual(await times.allTextContents(), wanted);
  const { edited_at } = await (await page.request.get(`/api/posts/${post.id}`)).json().then(({ post }) => post);
  assert.deepEqual(await times.evaluateAll((all) => all.map((one) => one.dateTime)), [post.created_at, edited_at]);
  await titled(page, "A second version");
  await page.getByRole("link", { name: "a room" }).click();
  await page.getByRole("heading", { name: "Enter this room?" }).waitFor();
  await titled(page, "Enter this room?");
  // An address that says nothing.
  await page.evaluate(() => {
    history.pushState({}, "", "/rooms/%zz");
    dispatchEvent(new PopStateEvent("popstate"));
  });
  await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
  await titled(page, "There is nothing here");
  // A post that is deleted while one reads it.
  await open(page, `/posts/${post.id}`);
  await ann.page.request.delete(`/api/posts/${post.id}`);
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
  await titled(page, "There is nothing here");
  assert.deepEqual(faults, []);
});

test("a part that the server has no more leads to a new page, once", async () => {
  const { page, faults } = await member(browser, site, "Old");
  await open(page, "/posts/");
  let loads = 0;
  page.on("request", (request) => (loads += Number(request.isNavigationRequest())));
  await page.route(/\/Rooms-[^/]*\.js$/, (route) => route.fulfill({ status: 404 }));
  await page.getByRole("banner").getByRole("link", { name: "Rooms" }).click();
  await page.getByRole("alert").getByText("could not be loaded").waitFor();
  assert.equal(loads, 1);
  await page.unroute(/\/Rooms-[^/]*\.js$/);
  await page.getByRole("button", { name: "Reload" }).click();
  await page.getByText("You are in no room yet.").waitFor();
  assert.deepEqual(faults, []);
});

test("the post of a bot says so, and names and titles run in their own direction", async () => {
  const { page, faults } = await visitor(browser, site);
  await page.route("**/api/posts?*", async (route) => {
    const answer = await route.fetch();
    const [first, ...rest] = await answer.json();
    await route.fulfill({ response: answer, json: [{ ...first, title: "مرحبا", author_id: "bot-01kb3x2v5q8m4n7p9r1s3t5v7w" }, ...rest] });
  });
  await open(page, "/posts/");
  const post = page.getByRole("article", { name: "مرحبا" });
  await post.getByText("Bot", { exact: true }).waitFor();
  assert.equal(await page.getByText("Bot", { exact: true }).count(), 1);
  assert.equal(await post.getByRole("heading").evaluate((one) => getComputedStyle(one).direction), "rtl");
  assert.deepEqual(faults, []);
});
