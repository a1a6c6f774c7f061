"""Tells who writes most in a room, for whoever writes "!top" there.

CHAT_BOT_TOKEN=… python bot.py [ROOM]…
"""

import asyncio
import collections
import json
import os
import sys

import socketio

URL = os.environ.get("COMMUNITY_URL", "http://127.0.0.1:3000")
# A bot's own token says who it is; with the server's CHAT_BOT_TOKEN it says so itself.
AUTH = (
    {"botToken": os.environ["BOT_TOKEN"]}
    if "BOT_TOKEN" in os.environ
    else {"botToken": os.environ.get("CHAT_BOT_TOKEN"), "botId": "top", "botName": "Top"}
)
# Ends of a connection that say nothing against the token.
COME_BACK = {"slow_consumer", "rate_limited", "too_many"}

client = socketio.AsyncClient()


# Whether to connect again once the connection has ended.
come_back = False


class Refused(Exception):
    """What the server says no to."""


class Unanswered(Exception):
    """What may have been lost with its connection. The next one begins with what was missed, so this is tried again."""


async def ask(event, data):
    """Sends an event and gives its answer."""
    global come_back
    connection = client.sid
    try:
        answer = await client.call(event, data, timeout=10)
    except socketio.exceptions.SocketIOError as error:
        if client.connected and client.sid == connection:
            come_back = True
            await client.disconnect()
        raise Unanswered(f"{event}: {error or 'no answer'}") from error
    if not answer["ok"]:
        raise Refused(f"{event}: {answer['error']}")
    return answer


class Place:
    """How far the bot has come in a room: every change up to `rev` has been dealt with, and those `ahead`, which came before their turn."""

    def __init__(self, rev):
        self.rev = rev
        self.ahead = set()

    def is_news(self, message):
        return message["rev"] > self.rev and message["rev"] not in self.ahead

    def advance(self, rev):
        self.rev = max(self.rev, rev)
        self.ahead = {each for each in self.ahead if each > self.rev}
        while self.rev + 1 in self.ahead:
            self.rev += 1
            self.ahead.remove(self.rev)


places = {}
# The task that catches up, kept from being collected.
catching_up = None


@client.on("connect")
async def on_connect():
    global catching_up, come_back
    come_back = False
    # Beside this function, whose end the library waits for.
    catching_up = asyncio.create_task(start())


async def start():
    """Joins the rooms of the command line at first; catches up with what was missed ever after."""
    try:
        for room in sys.argv[1:]:
            if room not in places:
                await ask("room:join", {"roomId": room})
        for room in (await ask("room:list", {}))["rooms"]:
            if room["role"]:
                places.setdefault(room["id"], Place(room["rev"]))
        await resume()
        print("listening", flush=True)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        await client.disconnect()
    except Unanswered as trouble:
        print(trouble, file=sys.stderr)


async def resume():
    """Deals with what happened since; live events come in between, so only the pages tell how far they have come."""
    behind = list(places)
    while behind:
        answer = await ask("resume", {"rooms": [{"roomId": room, "rev": places[room].rev} for room in behind]})
        for page in answer["rooms"]:
            place = places[page["roomId"]]
            for message in page["messages"]:
                if place.is_news(message):
                    await consider(message)
            if page["messages"]:
                place.advance(page["messages"][-1]["rev"])
        behind = [page["roomId"] for page in answer["rooms"] if page["more"]]


@client.on("message:new")
@client.on("message:edited")
@client.on("message:deleted")
@client.on("message:reacted")
async def on_change(event):
    message = event["message"]
    place = places.get(message["roomId"])
    if not place or not place.is_news(message):
        return
    try:
        await consider(message)
    except Unanswered as trouble:
        # Not noted as done, so it comes again.
        print(trouble, file=sys.stderr)
        return
    place.ahead.add(message["rev"])
    place.advance(place.rev)


async def consider(message):
    if message["isBot"] or message["deleted"] or message["body"] != "!top":
        return
    room = message["roomId"]
    try:
        history = await ask("message:history", {"roomId": room, "limit": 200})
        authors = collections.Counter(each["authorName"] for each in history["messages"] if not each["deleted"])
        body = "\n".join(f"{name}: {count}" for name, count in authors.most_common(3))
        # Should the answer be asked for twice, the same clientId keeps it one message.
        await ask("message:send", {"roomId": room, "body": body, "replyTo": message["id"], "clientId": f"top-{message['id']}"})
    except Refused as refusal:
        print(refusal, file=sys.stderr)


@client.on("connect_error")
async def on_refusal(refusal):
    # The server says why as JSON; that there is no server at all comes as text.
    print(json.loads(refusal["message"])["error"] if isinstance(refusal, dict) else refusal, file=sys.stderr)


@client.on("session:ended")
async def on_end(event):
    global come_back
    come_back = event["reason"] in COME_BACK
    print(f"the server ended this: {event['reason']}", file=sys.stderr)


async def main():
    await client.connect(URL, auth=AUTH)
    while True:
        # A connection that is lost comes back by itself; one that was ended does not.
        await client.wait()
        if not come_back:
            return
        await asyncio.sleep(5)
        await client.connect(URL, auth=AUTH, retry=True)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except socketio.exceptions.ConnectionError as error:
        sys.exit(str(error))
