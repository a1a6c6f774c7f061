"""Rolls a die for whoever writes "!roll" or "!roll 20" in the rooms it is in."""

import re

from wit_world import exports
from wit_world.imports import chat_write, random
from wit_world.imports.chat_write import Outgoing


class OnMessage(exports.OnMessage):
    def on_message(self, event, message):
        wish = re.fullmatch(r"!roll(?:\s+(\d{1,4}))?", message.body.strip())
        if wish is None:
            return
        sides = min(max(int(wish[1] or 6), 2), 1000)
        roll = 1 + int(random.fraction() * sides)
        chat_write.send(Outgoing(message.room_id, f"🎲 {roll}", message.id, []))
