// A room as a Node.js developer would make it with socket.io: whoever connects is in it, and a message goes to everybody as it comes. Nothing
// is stored.
//
//   node rooms.mjs NODE_MODULES PORT
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [modules, port] = process.argv.slice(2);
const { Server } = createRequire(`${modules}/`)("socket.io");

const web = createServer((request, response) => response.end("ok"));
const server = new Server(web, { transports: ["websocket"], serveClient: false });
let seq = 0;
server.on("connection", (socket) => {
  socket.join("room");
  socket.on("message:send", ({ roomId, body }, acknowledge) => {
    seq += 1;
    const message = {
      id: `m-01kb3x2v5q8m4n7p9r1s3t5v7w`, roomId, seq, rev: seq, clientId: null, authorId: "usr-01kb3x2v5q8m4n7p9r1s3t5v7w",
      authorName: "Member 1", isBot: false, body, replyTo: null, attachments: [], reactions: [],
      createdAt: new Date().toISOString(), editedAt: null, deleted: false,
    };
    server.to("room").emit("message:new", { message });
    acknowledge({ ok: true, message });
  });
});
web.listen(Number(port), "127.0.0.1");
