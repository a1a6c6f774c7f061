// Rolls a die for whoever writes "!roll" or "!roll 20" in the rooms it is in.
import { send } from 'openclaw:chat/chat-write@0.1.0';

export const onMessage = {
  onMessage(event, message) {
    const wish = /^!roll(?:\s+(\d{1,4}))?$/.exec(message.body.trim());
    if (!wish) return;
    const sides = Math.min(Math.max(Number(wish[1] ?? 6), 2), 1000);
    send({ roomId: message.roomId, body: `🎲 ${roll(message.id, sides)}`, replyTo: message.id, attachments: [] });
  },
};

// There is no chance in here: `Math.random` says the same in every call. But nobody knows the id of a message beforehand.
function roll(id, sides) {
  let hash = 2166136261;
  for (const letter of id) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619) >>> 0;
  return (hash % sides) + 1;
}
