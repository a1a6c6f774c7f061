// Rolls a die for whoever writes "!roll" or "!roll 20" in the rooms it is in.
import { send } from 'openclaw:chat/chat-write@1.0.0';
import { fraction } from 'openclaw:random/random@1.0.0';

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
    const wish = /^!roll(?:\s+(\d{1,4}))?$/.exec(message.body.trim());
    if (!wish) return;
    const sides = Math.min(Math.max(Number(wish[1] ?? 6), 2), 1000);
    const roll = 1 + Math.floor(fraction() * sides);
    say({ roomId: message.roomId, body: `🎲 ${roll}`, replyTo: message.id, attachments: [] });
  },
};
