// Greets people: answers whoever says hello, and has the command `/greet`.
import { send } from 'openclaw:chat/chat-write@1.0.0';
import { get } from 'openclaw:settings/settings@1.0.0';

// What it begins with, which the operator can set.
const greeting = () => get('greeting') ?? 'Hello';

// Says something, or fails with the reason. What the host refuses, such as more than it may say (`limited`), it throws, and what nobody catches
// ends the call as a trap without one.
function say(message) {
  try {
    send(message);
  } catch ({ payload }) {
    throw new Error(payload?.val ?? payload?.tag ?? 'It was not sent.');
  }
}

export const onMessage = {
  onMessage(event, message) {
    if (message.body.toLowerCase() !== 'hello') return;
    say({ roomId: message.roomId, body: `${greeting()}, ${message.author.name}!`, replyTo: message.id, attachments: [] });
  },
};

export const commands = {
  commands() {
    const whom = { name: 'whom', description: 'Who is to be greeted', kind: 'text', required: true, choices: [] };
    return [{ name: 'greet', description: 'Greet somebody', parameters: [whom] }];
  },

  // An error is a sentence for who typed the command: throw new Error('…').
  run(command, given, context) {
    const whom = given.find((argument) => argument.name === 'whom').value.val;
    if (whom.startsWith('@')) return { body: 'Without the @, please.', audience: 'caller' };
    return { body: `${greeting()}, ${whom}!`, audience: 'room' };
  },
};
