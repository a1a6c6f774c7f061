// Rolls dice for whoever writes "!roll" or "!roll 2d6" in the rooms it is in.
//
//   CHAT_BOT_TOKEN=… node bot.mjs [ROOM]…
import { randomInt } from 'node:crypto';
import { io } from 'socket.io-client';

const { COMMUNITY_URL = 'http://127.0.0.1:3000', CHAT_BOT_TOKEN, BOT_TOKEN } = process.env;
// A bot's own token says who it is; with the server's CHAT_BOT_TOKEN it says so itself.
const auth = BOT_TOKEN ? { botToken: BOT_TOKEN } : { botToken: CHAT_BOT_TOKEN, botId: 'dice', botName: 'Dice' };
// The rooms it is in. Every change up to `rev` has been dealt with, and those `ahead`, which came before their turn.
const places = new Map();

const socket = io(COMMUNITY_URL, { auth });

/** What the server says no to. */
class Refused extends Error {}

async function ask(event, data) {
  const answer = await socket.timeout(10_000).emitWithAck(event, data);
  if (!answer.ok) throw new Refused(`${event}: ${answer.error}`);
  return answer;
}

socket.on('connect', () => start().catch((error) => (error instanceof Refused ? giveUp(error) : again(error))));

// Joins the rooms of the command line at first; catches up with what was missed ever after.
async function start() {
  for (const roomId of process.argv.slice(2)) if (!places.has(roomId)) await ask('room:join', { roomId });
  const { rooms } = await ask('room:list', {});
  for (const { id, rev, role } of rooms) if (role && !places.has(id)) places.set(id, { rev, ahead: [] });
  let behind = [...places.keys()].map(from);
  while (behind.length) {
    const answer = await ask('resume', { rooms: behind });
    for (const { roomId, messages } of answer.rooms) {
      const place = places.get(roomId);
      for (const message of messages) if (isNews(place, message)) await consider(message);
      // Live events come in between: only the pages themselves tell how far they have come.
      if (messages.length) advance(place, messages.at(-1).rev);
    }
    behind = answer.rooms.filter(({ more }) => more).map(({ roomId }) => from(roomId));
  }
  console.log(`listening in ${places.size} rooms`);
}

const from = (roomId) => ({ roomId, rev: places.get(roomId).rev });
const isNews = (place, { rev }) => rev > place.rev && !place.ahead.includes(rev);

// All is done up to `rev`, and up to where what was done ahead goes on from there.
function advance(place, rev) {
  place.rev = Math.max(place.rev, rev);
  place.ahead = place.ahead.filter((each) => each > place.rev).sort((a, b) => a - b);
  while (place.ahead[0] === place.rev + 1) place.rev = place.ahead.shift();
}

for (const event of ['message:new', 'message:edited', 'message:deleted', 'message:reacted']) {
  // What could not be dealt with is not noted as done, so it comes again with the next connection.
  socket.on(event, ({ message }) => heard(event, message).catch(again));
}

async function heard(event, message) {
  const place = places.get(message.roomId);
  if (!place || !isNews(place, message)) return;
  if (event === 'message:new') await consider(message);
  place.ahead.push(message.rev);
  advance(place, place.rev);
}

async function consider({ id, roomId, isBot, deleted, body }) {
  const wish = /^!roll(?: (\d{1,2})d(\d{1,4}))?$/.exec(body);
  if (!wish || isBot || deleted) return;
  const [count, sides] = [Number(wish[1] ?? 1), Math.max(Number(wish[2] ?? 6), 2)];
  const rolls = Array.from({ length: count }, () => randomInt(1, sides + 1));
  const sum = rolls.reduce((sum, roll) => sum + roll, 0);
  const text = count > 1 ? `${rolls.join(' + ')} = ${sum}` : `${sum}`;
  try {
    // Should the answer be asked for twice, the same clientId keeps it one message.
    await ask('message:send', { roomId, body: `🎲 ${text}`, replyTo: id, clientId: `roll-${id}` });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    console.error(error.message);
  }
}

// Begins anew where the last connection, or a request over it, came to nothing.
function again(error) {
  console.error(error.message);
  if (socket.connected) setTimeout(() => socket.disconnect().connect(), 1_000);
}

// The server says why it lets nobody in; there is no use in trying again with the same token.
socket.on('connect_error', (error) => { if (!socket.active) giveUp(new Error(JSON.parse(error.message).error)); });
socket.on('session:ended', ({ reason }) => console.error(`the server ended this: ${reason}`));
socket.on('disconnect', (reason) => { if (reason === 'io server disconnect') setTimeout(() => socket.connect(), 5_000); });

function giveUp(error) {
  console.error(error.message);
  process.exit(1);
}
