// Socket.IO clients for the tests: any number of the official ones (npm `socket.io-client`) in one process.
//
//   node socket_clients.mjs NODE_MODULES
//
// Reads commands from standard input and writes to standard output, a line of JSON each:
//   {"id": 1, "do": "connect", "client": 7, "url": …, "options": {…}}   →   {"id": 1, "ok": …} or {"id": 1, "error": …}
// What happens to a client without being asked comes as {"client": 7, "event": "message:new", "args": […]}; its own states are events
// with a dollar: $connect, $connect_error, $disconnect, $upgrade. Ends when its standard input closes.
import http from 'node:http';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const resolve = createRequire(`${process.argv[2]}/`).resolve;
const { io } = await import(pathToFileURL(resolve('socket.io-client')));

const clients = new Map();
// Whoever started this may be gone before all has been said.
process.stdout.on('error', () => process.exit());
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const commands = {
  // Gives the first outcome: {connected: true, transport, recovered} or {connected: false, message, data, status}.
  connect({ client, url, options = {}, first }) {
    const socket = io(url, { forceNew: true, reconnection: false, ...options });
    clients.set(client, socket);
    watch(client, socket);
    // What is sent before the connection stands goes out in the instant in which it does.
    const answer = first && new Promise((done) => { socket.emit(first.event, first.data, done); });
    return new Promise((done) => {
      socket.once('connect', async () => done({ connected: true, transport: transport(socket), answer: await answer }));
      socket.once('connect_error', (error) => done({ connected: false, ...trouble(error) }));
    });
  },

  // Connects again, with other `auth` if there is one.
  reconnect({ client, auth }) {
    const socket = clients.get(client);
    if (auth) socket.auth = auth;
    return new Promise((done) => {
      socket.once('connect', () => done({ connected: true, transport: transport(socket) }));
      socket.once('connect_error', (error) => done({ connected: false, ...trouble(error) }));
      socket.connect();
    });
  },

  // Gives the acknowledgement, or fails when none comes in time.
  async emit({ client, event, args, timeout }) {
    return clients.get(client).timeout(timeout).emitWithAck(event, ...args);
  },

  // Sends without asking for an acknowledgement.
  tell({ client, event, args }) {
    clients.get(client).emit(event, ...args);
  },

  disconnect({ client }) {
    clients.get(client).disconnect();
  },

  // As if the cable were pulled: the connection is gone without a word.
  cut({ client }) {
    const { engine } = clients.get(client).io;
    const wire = engine.transport.ws?._socket;
    if (wire) wire.destroy();
    else engine.transport.onError('cut off', new Error('cut off'));
  },

  // Stops reading, so that the server finds out how much it keeps for a client that does not.
  pause({ client, on }) {
    const wire = clients.get(client).io.engine.transport.ws._socket;
    if (on) wire.pause(); else wire.resume();
  },

  transport: ({ client }) => transport(clients.get(client)),

  // Ends a client and forgets it.
  drop({ client }) {
    clients.get(client)?.disconnect();
    clients.delete(client);
  },

  // A server of the package `socket.io`, to try this very program with.
  async serve() {
    const { Server } = await import(pathToFileURL(resolve('socket.io')));
    const web = http.createServer();
    const server = new Server(web);
    server.use((socket, next) => {
      const refusal = Object.assign(new Error('login_required'), { data: { ok: false, code: 'login_required' } });
      next(socket.handshake.auth.botToken || socket.handshake.headers.cookie ? undefined : refusal);
    });
    server.on('connection', (socket) => {
      const { cookie } = socket.handshake.headers;
      socket.on('who', (_, done) => done({ ok: true, cookie: cookie ?? null, auth: socket.handshake.auth }));
      socket.on('say', (message, done) => { server.emit('said', { message }); done({ ok: true }); });
      socket.on('fail', (_, done) => done({ ok: false, error: 'No.', code: 'forbidden' }));
      socket.on('kick', () => socket.disconnect());
    });
    await new Promise((listening) => { web.listen(0, '127.0.0.1', listening); });
    return `http://127.0.0.1:${web.address().port}`;
  },
};

const transport = (socket) => socket.io.engine.transport.name;

// What a refused client can know: the server's words when Socket.IO refused it, the HTTP status when it did not come that far.
function trouble(error) {
  const said = error.description?.message ?? '';
  const status = Number.isInteger(error.description) ? error.description : Number(/\b\d{3}\b/.exec(said)?.[0]) || null;
  return { message: error.message, data: error.data ?? null, status };
}

function watch(client, socket) {
  const tell = (event, ...args) => say({ client, event, args });
  socket.onAny(tell);
  socket.on('connect', () => {
    tell('$connect', { transport: transport(socket) });
    socket.io.engine.once('upgrade', ({ name }) => tell('$upgrade', name));
  });
  socket.on('connect_error', (error) => tell('$connect_error', trouble(error)));
  socket.on('disconnect', (reason) => tell('$disconnect', reason));
}

async function run({ id, do: name, ...rest }) {
  try {
    say({ id, ok: (await commands[name](rest)) ?? null });
  } catch (error) {
    say({ id, error: String(error.message ?? error) });
  }
}

createInterface({ input: process.stdin }).on('line', (line) => run(JSON.parse(line))).on('close', () => process.exit());
