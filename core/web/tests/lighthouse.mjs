// Lighthouse on the first pages of a server that has something to show: prints what it says, and fails below 0.95.
import { execFileSync } from "node:child_process";
import { furnish } from "./pages.mjs";
import { launch, start } from "./support.mjs";

const WANTED = 0.95;
/** So that the list fills its first page. */
const POSTS = 30;

const site = await start();
try {
  const browser = await launch();
  const { ann } = await furnish(browser, site);
  for (let number = 0; number < POSTS; number += 1) {
    await ann.page.request.post("/api/posts", { data: { title: `What grows in week ${number}`, body: "Some of it **early**, some late.\n\n- peas\n- beans" } });
  }
  await browser.close();
  for (const path of ["/", "/posts/"]) report(path);
} finally {
  await site.stop();
}

function report(path) {
  const options = ["--quiet", "--chrome-flags=--headless=new --no-sandbox", "--only-categories=performance,accessibility,best-practices,seo", "--output=json", "--output-path=stdout"];
  const command = ["exec", "--yes", "--package=lighthouse@12.8.2", "--", "lighthouse", site.base + path, ...options];
  const { categories, audits } = JSON.parse(execFileSync("npm", command, { encoding: "utf8", maxBuffer: 1 << 28 }));
  console.log(`${path}: ${Object.values(categories).map(({ id, score }) => `${id} ${score}`).join(", ")}`);
  for (const { title, score, displayValue } of Object.values(audits)) {
    if (score !== null && score < 0.9) console.log(`  ${score} ${title} ${displayValue ?? ""}`);
  }
  if (categories.performance.score < WANTED || categories.accessibility.score < WANTED) process.exitCode = 1;
}
