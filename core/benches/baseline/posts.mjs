// Pages of posts as a Node.js developer would serve them fast: no framework, one prepared statement, a keyset page, JSON.stringify.
import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";

const [file, port] = process.argv.slice(2);
const database = new DatabaseSync(file);
database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
const page = database.prepare(`
  SELECT p.id, p.author_id, u.username AS author_name, p.title, p.body, p.attachments, p.created_at, p.edited_at
  FROM posts p JOIN users u ON u.id = p.author_id
  WHERE p.id < ? ORDER BY p.id DESC LIMIT ?`);

createServer((request, response) => {
  const query = new URLSearchParams(request.url.slice(request.url.indexOf("?") + 1));
  const limit = Math.min(Number(query.get("limit") ?? 50), 200);
  // One more than asked for tells whether there is a next page. No id is greater than the default.
  const posts = page.all(query.get("before") ?? "\x7f", limit + 1);
  const headers = { "Content-Type": "application/json; charset=utf-8" };
  if (posts.length > limit) {
    posts.pop();
    headers.Link = `</api/posts?limit=${limit}&before=${posts.at(-1).id}>; rel="next"`;
  }
  for (const post of posts) post.attachments = JSON.parse(post.attachments);
  const body = Buffer.from(JSON.stringify(posts));
  headers["Content-Length"] = body.length;
  response.writeHead(200, headers).end(body);
}).listen(Number(port), "127.0.0.1");
