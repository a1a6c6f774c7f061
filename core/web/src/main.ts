// Takes over the page that the server rendered: the application is made beside it, and put in its place when the page it shows has
// what it needs, so that nothing jumps.
import "../assets/style.css";
import "./app.css";
import "./chat.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { first } from "./app/first";
import { focusField } from "./app/focus";
import { lead, router } from "./app/router.svelte";

const place = document.createElement("div");
place.id = "app";
place.hidden = true;
document.body.append(place);
mount(App, { target: place });

// However long that takes: what the server rendered can be read, and its links lead on. Only the forms for signing in are ours alone.
const asked = new Promise<void>((resolve) => addEventListener("hashchange", () => router.place.form && resolve()));
await Promise.race([first.ready, asked]);
lead();
const top = scrollY;
place.hidden = false;
// Its own place is kept: a dialog that was moved would no longer be modal.
for (const old of [...document.body.children]) if (old !== place) old.remove();
// Nothing could take the focus while all of it was hidden.
const form = place.querySelector("dialog[open], form:has([autofocus])");
if (form && document.activeElement === document.body) focusField(form);
if (top) scrollTo(0, top);
