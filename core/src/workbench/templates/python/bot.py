"""Greets people: answers whoever says hello, and has the command `/greet`."""

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.commands import Answer, Audience, Command, Kind, Parameter
from wit_world.imports import chat_write, settings
from wit_world.imports.chat_write import Outgoing


def greeting():
    """What it begins with, which the operator can set."""
    return settings.get("greeting") or "Hello"


def say(message):
    """Says something, or fails with the reason. What the host refuses, such as more than it may say (`limited`), it raises with a value that
    is no sentence, and what nobody catches ends the call as a trap without one."""
    try:
        chat_write.send(message)
    except Err as refused:
        raise Err(f"It was not sent: {refused.value}") from None


class OnMessage(exports.OnMessage):
    def on_message(self, event, message):
        if message.body.lower() == "hello":
            say(Outgoing(message.room_id, f"{greeting()}, {message.author.name}!", message.id, []))


class Commands(exports.Commands):
    def commands(self):
        whom = Parameter("whom", "Who is to be greeted", Kind.TEXT, True, [], None, None)
        return [Command("greet", "Greet somebody", [whom])]

    # An error is a sentence for who typed the command: raise Err("…").
    def run(self, command, arguments, context):
        whom = next(argument.value.value for argument in arguments if argument.name == "whom")
        if whom.startswith("@"):
            return Answer("Without the @, please.", Audience.CALLER)
        return Answer(f"{greeting()}, {whom}!", Audience.ROOM)
