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

client = socketio.AsyncClient()


async def ask(event, data):
    """Sends an event and gives its answer."""
    answer = await client.call(event, data, timeout=10)
    if not answer["ok"]:
        raise RuntimeError(f"{event}: {answer['error']}")
    return answer


@client.on("message:new")
async def on_message(event):
    message = event["message"]
    if message["isBot"] or message["body"] != "!top":
        return
    room = message["roomId"]
    history = await ask("message:history", {"roomId": room, "limit": 200})
    authors = collections.Counter(each["authorName"] for each in history["messages"] if not each["deleted"])
    body = "\n".join(f"{name}: {count}" for name, count in authors.most_common(3))
    # Should the answer be asked for twice, the same clientId keeps it one message.
    await ask("message:send", {"roomId": room, "body": body, "replyTo": message["id"], "clientId": f"top-{message['id']}"})


@client.on("connect_error")
async def on_refusal(refusal):
    # The server says why as JSON; that there is no server at all comes as text.
    print(json.loads(refusal["message"])["error"] if isinstance(refusal, dict) else refusal, file=sys.stderr)


@client.on("session:ended")
async def on_end(event):
    print(f"the server ended this: {event['reason']}", file=sys.stderr)


async def main():
    await client.connect(URL, auth=AUTH)
    for room in sys.argv[1:]:
        await ask("room:join", {"roomId": room})
    print("listening", flush=True)
    await client.wait()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (socketio.exceptions.ConnectionError, RuntimeError) as error:
        sys.exit(str(error))
