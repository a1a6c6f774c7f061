"""Rolls a die for whoever writes "!roll" or "!roll 20" in the rooms it is in."""

import re

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports import chat_write, random
from wit_world.imports.chat_write import Outgoing


def say(message):
    """Says something, or fails with the reason. What the host refuses, such as more than it may say (`limited`), it raises with a value that
    is no sentence, and what nobody catches ends the call as a trap without one."""
    try:
        chat_write.send(message)
    except Err as refused:
        raise Err(f"It was not sent: {refused.value}") from None


class OnMessage(exports.OnMessage):
    def on_message(self, event, message):
        wish = re.fullmatch(r"!roll(?:\s+(\d{1,4}))?", message.body.strip())
        if wish is None:
            return
        sides = min(max(int(wish[1] or 6), 2), 1000)
        roll = 1 + int(random.fraction() * sides)
        say(Outgoing(message.room_id, f"🎲 {roll}", message.id, []))
