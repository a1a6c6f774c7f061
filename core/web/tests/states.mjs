// What pages look like while something is open, under way, or went wrong.
import { field, stands } from "./pages.mjs";
import { open, PNG } from "./support.mjs";

/** Never answers what is asked for at `url`. */
const hold = (page, url) => page.route(url, () => {});
/** Answers it with nothing, as if the server were gone. */
const cut = (page, url) => page.route(url, (route) => route.abort());

/** A list or a page, both on its way and not to be had: `name`, from where, what leads there, what it asks for, and where it is shown. */
const arrivals = ({ post, room }) => [
  ["home", "/posts/", ".brand", "**/api/posts?*"],
  ["posts", "/", '.hero a[href="/posts/"]', "**/api/posts?*"],
  ["post", "/posts/", `h2 a[href="/posts/${post}"]`, `**/api/posts/${post}`],
  ["settings", "/", ".self", "**/api/sessions"],
  ["files", "/", ".self", "**/api/uploads?*", "section:has(#files)"],
  ["rooms", "/", '.bar a[href="/rooms/"]', "**/api/rooms", ".room-list"],
  ["room", "/rooms/", `a[href="/rooms/${room}"]`, `**/api/rooms/${room}`],
];

const arriving = (house) =>
  arrivals(house).flatMap(([name, path, link, url, place = "main"]) => {
    const going = (handle, seen) => async (page) => {
      await handle(page, url);
      await page.locator(link).first().click();
      await page.locator(`${place} ${seen}`).scrollIntoViewIfNeeded();
    };
    return [
      { name: `${name}-loading`, who: "ann", path, then: going(hold, ".loading") },
      { name: `${name}-failed`, who: "ann", path, then: going(cut, ".notice.bad") },
    ];
  });

/** Gives three files to a form: one that arrives, one that is refused, and one that is on its way. */
async function upload(page) {
  const picker = page.locator("input[type=file]");
  await picker.setInputFiles({ name: "Seedlings.png", mimeType: "image/png", buffer: PNG });
  await page.waitForFunction(() => document.querySelector(".uploads li") && !document.querySelector("progress"));
  await picker.setInputFiles({ name: "Sowing calendar of our community garden.txt", mimeType: "text/plain", buffer: Buffer.from("May") });
  const network = await page.context().newCDPSession(page);
  await network.send("Network.enable");
  await network.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 400_000 });
  await picker.setInputFiles({ name: "Greenhouse.png", mimeType: "image/png", buffer: Buffer.concat([PNG, Buffer.alloc(1_500_000)]) });
  await page.waitForFunction(() => document.querySelector("progress")?.value > 30);
}

/** Gives a file to a form when none can be uploaded. */
async function upload_in_vain(page) {
  await cut(page, "**/api/upload");
  await page.locator("input[type=file]").setInputFiles({ name: "Seedlings.png", mimeType: "image/png", buffer: PNG });
  await page.locator(".uploads .link").waitFor();
}

/** Fills in a form that is open in a dialog, and sends it. */
async function submit(page, ...values) {
  const fields = page.getByRole("dialog").locator("input");
  for (const [index, value] of values.entries()) await fields.nth(index).fill(value);
  await page.getByRole("dialog").locator("button[type=submit]").click();
}

const signing = (t) => [
  {
    name: "sign-in-refused",
    path: "/posts/#sign-in",
    async then(page) {
      await submit(page, "nobody@example.org", "a wrong password");
      await page.getByText(t("error.invalid_credentials")).or(page.locator(".say:not(:empty)")).first().waitFor();
    },
  },
  {
    name: "sign-in-unreachable",
    path: "/posts/#sign-in",
    async then(page) {
      await cut(page, "**/api/email/login");
      await submit(page, "ann@example.org", "correct horse");
      await page.getByText(t("trouble.unreachable")).waitFor();
    },
  },
  {
    name: "check-mail",
    path: "/posts/#sign-up",
    async then(page) {
      // A network gets few such mails.
      await page.route("**/api/email/register", (route) => route.fulfill({ json: { ok: true } }));
      await submit(page, "stranger@example.org", "Stranger", "correct horse");
      await page.getByRole("heading", { name: t("auth.check_mail") }).waitFor();
    },
  },
  { name: "signed-in", who: "ann", path: "/posts/?login=ok", then: (page) => page.locator(".notice.good").waitFor() },
];

const posts = ({ post }, t) => [
  { name: "unread", who: "ann", path: "/", then: (page) => page.locator(".unread-dot").waitFor() },
  { name: "no-files", who: "newcomer", path: "/settings/", then: (page) => page.getByText(t("settings.files_empty")).scrollIntoViewIfNeeded() },
  { name: "write-uploads", who: "ann", path: "/posts/#write", then: upload },
  { name: "write-upload-failed", who: "ann", path: "/posts/#write", then: upload_in_vain },
  {
    name: "write-restored",
    who: "ann",
    path: "/posts/#write",
    async then(page) {
      await page.getByLabel(t("post.title")).fill("When to sow beans");
      await page.locator("form.composer textarea").fill("Not before the soil is warm:\n\n- bush beans in May\n- runner beans");
      await page.reload();
      await page.locator("form.composer").waitFor();
    },
  },
  {
    name: "draft",
    who: "ann",
    path: "/posts/#write",
    async then(page) {
      await page.getByLabel(t("post.title")).fill("When to sow beans");
      await page.locator(".bar").getByRole("link", { name: t("frame.posts") }).click();
      await page.getByText(t("posts.continue")).waitFor();
    },
  },
  {
    name: "write-drop",
    who: "ann",
    path: "/posts/#write",
    async then(page) {
      await page.locator("form.composer").evaluate((form) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(["x"], "x.png", { type: "image/png" }));
        form.dispatchEvent(new DragEvent("dragover", { bubbles: true, cancelable: true, dataTransfer }));
      });
      await page.locator(".drop").waitFor();
    },
  },
  {
    name: "write-preview",
    who: "ann",
    path: "/posts/#write",
    async then(page) {
      await page.locator("form.composer textarea").fill("Some **bold** words.\n\n- a list");
      await page.getByRole("button", { name: t("post.preview") }).click();
      await page.locator(".preview strong").waitFor();
    },
  },
  {
    name: "write-failed",
    who: "ann",
    path: "/posts/#write",
    async then(page) {
      await cut(page, "**/api/posts");
      await page.getByLabel(t("post.title")).fill("A title");
      await page.getByRole("button", { name: t("posts.publish") }).click();
      await page.locator("form.composer .say:not(:empty)").waitFor();
    },
  },
  { name: "post-edit", who: "ann", path: `/posts/${post}`, then: (page) => page.getByRole("button", { name: t("post.edit"), exact: true }).click() },
  {
    name: "post-delete",
    who: "ann",
    path: `/posts/${post}`,
    async then(page) {
      await page.getByRole("button", { name: t("post.delete"), exact: true }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "saying",
    who: "ann",
    path: `/posts/${post}`,
    async then(page) {
      await page.evaluate(() => Object.defineProperty(navigator, "clipboard", { value: { writeText: async () => {} } }));
      await page.getByRole("button", { name: t("post.copy_link") }).click();
      await page.locator(".saying").waitFor();
    },
  },
];

/** Connects a page to its room in a way that can be cut off, mended, and in which something can be said to it. */
async function connected(page, path) {
  let gone = false;
  const sockets = [];
  let stand;
  const entered = new Promise((done) => (stand = done));
  await page.routeWebSocket(/socket\.io/, (socket) => {
    if (gone) return socket.close();
    sockets.push(socket);
    socket.connectToServer().onMessage((message) => {
      socket.send(message);
      // The server's word that the connection stands: what is told from now on comes after it.
      if (String(message).startsWith("40")) stand();
    });
  });
  await page.route("**/socket.io/**", (route) => (gone ? route.abort() : route.continue()));
  await open(page, path);
  await page.locator(".dot.on").first().waitFor({ state: "attached" });
  await entered;
  return {
    cut_off() {
      gone = true;
      for (const socket of sockets) socket.close();
    },
    mend: () => (gone = false),
    tell: (event, payload) => sockets.at(-1).send(`42${JSON.stringify([event, payload])}`),
  };
}

/** The tools of a message in a room: of the last one, or of the one with this text. */
async function tools(page, text = "") {
  await stands(page);
  await page.locator("li.message").filter({ hasText: text }).last().focus();
  return page.locator(".message-tools");
}

/** A room of `owner` in which somebody is writing when the owner deletes it, or `what` of it. */
async function ending(page, owner, what, heading) {
  const { request } = owner.page;
  const { room } = await (await request.post("/api/rooms", { data: { name: "Cold frame" } })).json();
  const path = `/api/rooms/${room.id}`;
  await page.request.post(`${path}/join`, { data: {} });
  await connected(page, `/rooms/${room.id}`);
  await field(page).fill("Does anybody need");
  await request.delete(path + what);
  await page.getByRole("heading", { name: heading }).waitFor();
  // Of a room that is left, the next pages show nothing.
  await request.delete(path);
}

const rooms = ({ room, ann, bob }, t) => [
  { name: "room-deleted", who: "ann", path: "/rooms/", then: (page) => ending(page, bob, "", t("room.ended_deleted")) },
  { name: "room-removed", who: "ann", path: "/rooms/", then: (page) => ending(page, bob, `/members/${ann.id}`, t("room.ended_removed")) },
  {
    name: "room-menu",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      await stands(page);
      await page.locator(".room-head summary").click();
    },
  },
  {
    name: "room-emoji",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      await (await tools(page)).getByRole("button").first().click();
      await page.locator(".emoji").waitFor();
    },
  },
  {
    name: "room-reply",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      await (await tools(page)).getByRole("button", { name: t("room.reply") }).click();
      await field(page).fill("I can be there at six, and I bring what is left of the fleece.\nWill that do?");
    },
  },
  {
    name: "room-edit",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      await (await tools(page, "Same here")).getByRole("button", { name: t("room.edit") }).click();
      await page.locator(".about").waitFor();
    },
  },
  {
    name: "room-delete-message",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      await (await tools(page, "Same here")).getByRole("button", { name: t("room.remove") }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "room-restored",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      await field(page).fill("I have some left.\nHow many of you");
      await page.reload();
      await stands(page);
    },
  },
  {
    name: "room-history-failed",
    who: "ann",
    path: "/rooms/",
    async then(page) {
      // As if the room were longer than what comes along.
      await page.route(`**/api/rooms/${room}`, async (route) => {
        const response = await route.fetch();
        const answer = await response.json();
        await route.fulfill({ response, json: { ...answer, room: { ...answer.room, more: true } } });
      });
      await cut(page, `**/api/rooms/${room}/messages?*`);
      await open(page, `/rooms/${room}`);
      await page.locator(".edge .link").waitFor();
    },
  },
  {
    name: "room-uploads",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      await stands(page);
      await upload(page);
    },
  },
  {
    name: "room-upload-failed",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      await stands(page);
      await upload_in_vain(page);
    },
  },
  {
    name: "room-refused",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      await page.locator(".dot.on").first().waitFor({ state: "attached" });
      await field(page).fill("/nonsense");
      await field(page).press("Enter");
      await page.locator(".problem").waitFor();
    },
  },
  {
    name: "room-not-sent",
    who: "ann",
    path: "/rooms/",
    async then(page) {
      const draft = { clientId: "a-draft", roomId: room, body: "I put the dates into this file.", replyTo: null, attachments: ["file:///dates"], at: new Date().toISOString(), problem: null };
      await page.evaluate(([name, draft]) => localStorage.setItem(name, draft), [`outbox:${ann.id}:${draft.clientId}`, JSON.stringify(draft)]);
      await open(page, `/rooms/${room}`);
      await page.locator(".message.failed").waitFor();
      await page.evaluate(() => localStorage.clear());
    },
  },
  {
    name: "room-offline",
    who: "ann",
    path: "/rooms/",
    async then(page) {
      const { cut_off } = await connected(page, `/rooms/${room}`);
      cut_off();
      await page.locator(".banner p").waitFor();
      await field(page).fill("Is anybody there?");
      await field(page).press("Enter");
      await page.locator(".message.pending").waitFor();
      await page.evaluate(() => localStorage.clear());
    },
  },
  {
    name: "room-closing",
    who: "ann",
    path: "/rooms/",
    async then(page) {
      const { tell } = await connected(page, `/rooms/${room}`);
      tell("server:closing", { retryMs: 60_000 });
      await page.getByText(t("room.closing")).waitFor();
    },
  },
  {
    name: "room-catching-up",
    who: "ann",
    path: "/rooms/",
    async then(page) {
      const { cut_off, mend } = await connected(page, `/rooms/${room}`);
      cut_off();
      await page.getByText(t("room.offline_banner")).waitFor();
      await hold(page, "**/api/rooms");
      mend();
      await page.getByText(t("room.catching_up")).waitFor();
    },
  },
  {
    name: "invite-refused",
    who: "ann",
    path: `/rooms/${room}`,
    async then(page) {
      await page.getByRole("button", { name: t("room.invite") }).click();
      await submit(page, "Bob");
      await page.locator("dialog .say:not(:empty)").waitFor();
    },
  },
];

/** A site to which somebody has come, and nobody has written anything. */
export const beginnings = () => {
  const seen = (page) => page.locator("main .empty, .chat.none .choose").waitFor();
  return [
    { name: "empty-home", path: "/", then: seen },
    { name: "empty-home-member", who: "ann", path: "/", then: seen },
    { name: "empty-posts", path: "/posts/", then: seen },
    { name: "empty-posts-member", who: "ann", path: "/posts/", then: seen },
    { name: "empty-rooms", who: "ann", path: "/rooms/", then: seen },
    { name: "empty-plain-home", plain: true, unscripted: true, path: "/", then: seen },
    { name: "empty-plain-posts", plain: true, unscripted: true, path: "/posts/", then: seen },
  ];
};

/** What people see whose browser runs no scripts, which are told so. */
export const unscripted = ({ post }) => [
  { name: "unscripted-home", plain: true, path: "/" },
  { name: "unscripted-posts", plain: true, path: "/posts/", then: (page) => page.locator("noscript .notice").waitFor() },
  { name: "unscripted-posts-member", plain: true, who: "ann", path: "/posts/", then: (page) => page.locator("noscript .notice").waitFor() },
  { name: "unscripted-post", plain: true, path: `/posts/${post}` },
];

/** The states, in the way of `pages`. */
export const states = (house, t) => [...arriving(house), ...signing(t), ...posts(house, t), ...rooms(house, t)];
