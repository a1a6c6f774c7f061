// Rolls dice for whoever writes "!roll" or "!roll 2d6" in the rooms it is in.
//
//   CHAT_BOT_TOKEN=… node bot.mjs [ROOM]…
import { randomInt } from 'node:crypto';
import { io } from 'socket.io-client';

const { COMMUNITY_URL = 'http://127.0.0.1:3000', CHAT_BOT_TOKEN, BOT_TOKEN } = process.env;
// A bot's own token says who it is; with the server's CHAT_BOT_TOKEN it says so itself.
const auth = BOT_TOKEN ? { botToken: BOT_TOKEN } : { botToken: CHAT_BOT_TOKEN, botId: 'dice', botName: 'Dice' };
// The rooms it is in, and the last change it has seen in each.
const seen = new Map();

const socket = io(COMMUNITY_URL, { auth });

async function ask(event, data) {
  const answer = await socket.timeout(10_000).emitWithAck(event, data);
  if (!answer.ok) throw new Error(`${event}: ${answer.error}`);
  return answer;
}

socket.on('connect', () => start().catch(giveUp));

// Joins the rooms of the command line at first; catches up with what was missed ever after.
async function start() {
  for (const roomId of process.argv.slice(2)) if (!seen.has(roomId)) await ask('room:join', { roomId });
  const { rooms } = await ask('room:list', {});
  let behind = rooms.filter(({ id }) => seen.has(id)).map(({ id }) => ({ roomId: id, rev: seen.get(id) }));
  for (const { id, rev, role } of rooms) if (role && !seen.has(id)) seen.set(id, rev);
  while (behind.length) {
    const answer = await ask('resume', { rooms: behind });
    for (const { messages } of answer.rooms) for (const message of messages) await consider(message);
    behind = answer.rooms.filter(({ more }) => more).map(({ roomId }) => ({ roomId, rev: seen.get(roomId) }));
  }
  console.log(`listening in ${seen.size} rooms`);
}

socket.on('message:new', ({ message }) => consider(message).catch((error) => console.error(error.message)));

async function consider({ id, roomId, rev, isBot, deleted, body }) {
  // Live and resumed messages may overlap.
  if (rev <= (seen.get(roomId) ?? 0)) return;
  seen.set(roomId, rev);
  const wish = /^!roll(?: (\d{1,2})d(\d{1,4}))?$/.exec(body);
  if (!wish || isBot || deleted) return;
  const [count, sides] = [Number(wish[1] ?? 1), Math.max(Number(wish[2] ?? 6), 2)];
  const rolls = Array.from({ length: count }, () => randomInt(1, sides + 1));
  const sum = rolls.reduce((sum, roll) => sum + roll, 0);
  const text = count > 1 ? `${rolls.join(' + ')} = ${sum}` : `${sum}`;
  // Should the answer be asked for twice, the same clientId keeps it one message.
  await ask('message:send', { roomId, body: `🎲 ${text}`, replyTo: id, clientId: `roll-${id}` });
}

// The server says why it lets nobody in; there is no use in trying again with the same token.
socket.on('connect_error', (error) => { if (!socket.active) giveUp(new Error(JSON.parse(error.message).error)); });
socket.on('session:ended', ({ reason }) => console.error(`the server ended this: ${reason}`));
socket.on('disconnect', (reason) => { if (reason === 'io server disconnect') setTimeout(() => socket.connect(), 5_000); });

function giveUp(error) {
  console.error(error.message);
  process.exit(1);
}
