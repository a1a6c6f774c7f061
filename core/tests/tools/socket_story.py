"""What two people and a bot do in a room, with python-socketio; every event and every answer is held against the AsyncAPI document.

python socket_story.py URL TRANSPORT ROOM COOKIE_OF_ANN COOKIE_OF_BOB BOT_TOKEN

Ann owns the room. Ends with a sentence on standard error if something is not as it should be.
"""

import asyncio
import json
import sys
import urllib.request

import aiohttp
import jsonschema_rs
import socketio
import yarl

URL, TRANSPORT, ROOM, ANN, BOB, TOKEN = sys.argv[1:]
PATIENCE = 10


class Contract:
    """The AsyncAPI document of the server."""

    def __init__(self):
        with urllib.request.urlopen(f"{URL}/asyncapi.json") as answer:
            self.document = json.load(answer)
        messages = self.document["components"]["messages"]
        self.validators = {key: self.validator(message["payload"]) for key, message in messages.items()}

    def validator(self, payload):
        return jsonschema_rs.Draft7Validator({**payload, "components": self.document["components"]})

    def check(self, key, payload):
        for fault in self.validators[key].iter_errors(payload):
            raise AssertionError(f"{key} is not as documented: {fault.message} in {payload}")


class Client:
    """Somebody who is connected."""

    def __init__(self, contract, cookie=None):
        self.contract = contract
        # A jar: over polling each request has to say who it is, and headers go with the first one only. `unsafe` means addresses of digits.
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        if cookie:
            self.session.cookie_jar.update_cookies(dict([cookie.split("=", 1)]), yarl.URL(URL))
        self.socket = socketio.AsyncClient(reconnection=False, http_session=self.session)
        self.events = asyncio.Queue()
        self.fault = None
        self.socket.on("*", self.hear)

    async def connect(self, **how):
        await self.socket.connect(URL, transports=TRANSPORT.split(","), wait_timeout=PATIENCE, **how)

    async def hear(self, event, payload):
        try:
            self.contract.check(f"on-{event.replace(':', '-')}", payload)
        except (AssertionError, KeyError) as fault:
            # Raised here it would only be logged.
            self.fault = fault
        await self.events.put((event, payload))

    async def ask(self, event, **payload):
        """Sends an event that is fine, and gives its answer."""
        key = event.replace(":", "-")
        self.contract.check(key, payload)
        answer = await self.socket.call(event, payload, timeout=PATIENCE)
        assert answer.get("ok") is True, f"{event}: {answer}"
        self.contract.check(f"{key}-answer", answer)
        return answer

    async def refused(self, code, event, **payload):
        """Sends an event that is refused."""
        answer = await self.socket.call(event, payload, timeout=PATIENCE)
        assert answer.get("ok") is False and answer["code"] == code, f"{event}: {answer}"
        self.contract.check("error", answer)

    async def expect(self, event):
        """The next event of this name; others are skipped."""
        while True:
            name, payload = await asyncio.wait_for(self.events.get(), PATIENCE)
            if self.fault:
                raise self.fault
            if name == event:
                return payload


async def refuse_strangers(contract):
    stranger = socketio.AsyncClient(reconnection=False)
    refusal = asyncio.Queue()
    stranger.on("connect_error", refusal.put)
    try:
        await stranger.connect(URL, transports=TRANSPORT.split(","), wait_timeout=PATIENCE)
        raise AssertionError("a stranger was let in")
    except socketio.exceptions.ConnectionError:
        said = await asyncio.wait_for(refusal.get(), PATIENCE)
        contract.check("error", json.loads(said["message"]))
    finally:
        await stranger.shutdown()


async def main():
    contract = Contract()
    await refuse_strangers(contract)
    ann, bob, bot = Client(contract, ANN), Client(contract, BOB), Client(contract)
    await ann.connect()
    await bob.connect()

    await bob.refused("not_found", "message:history", roomId=ROOM)
    joined = await bob.ask("room:join", roomId=ROOM)
    assert len(joined["room"]["members"]) == 2, joined
    assert (await ann.expect("room:joined"))["user"]["username"] == "Bob"
    assert [room["id"] for room in (await bob.ask("room:list"))["rooms"]] == [ROOM]
    assert len((await ann.ask("presence:watch", roomId=ROOM))["online"]) == 2

    await bob.ask("typing", roomId=ROOM, on=True)
    typing = await ann.expect("typing")
    assert typing["username"] == "Bob" and typing["on"] is True, typing

    sent = (await ann.ask("message:send", roomId=ROOM, body="Hello", clientId="1"))["message"]
    again = (await ann.ask("message:send", roomId=ROOM, body="Hello", clientId="1"))["message"]
    assert again["id"] == sent["id"], "the same clientId is the same message"
    assert await bob.expect("message:new") == {"message": sent} == await ann.expect("message:new")

    edited = (await ann.ask("message:edit", messageId=sent["id"], body="Hello!"))["message"]
    assert await bob.expect("message:edited") == {"message": edited} and edited["rev"] == 2, edited
    await bob.refused("forbidden", "message:edit", messageId=sent["id"], body="No")
    reacted = (await bob.ask("message:react", messageId=sent["id"], emoji="👋", on=True))["message"]
    assert await ann.expect("message:reacted") == {"message": reacted} and reacted["reactions"][0]["emoji"] == "👋"
    await bob.ask("room:read", roomId=ROOM, seq=1)
    assert (await ann.expect("room:read"))["seq"] == 1

    await bob.socket.disconnect()
    assert (await ann.expect("presence"))["online"] is False
    await bot.connect(auth={"botToken": TOKEN, "botId": "openclaw", "botName": "OpenClaw"})
    await bot.ask("room:join", roomId=ROOM)
    files = ["https://files.example/cat.png"]
    answer = (await bot.ask("message:send", roomId=ROOM, body="I am a bot", replyTo=sent["id"], attachments=files))["message"]
    assert answer["isBot"] and answer["authorName"] == "OpenClaw" and await ann.expect("message:new") == {"message": answer}
    assert answer["attachments"] == files, answer
    deleted = (await ann.ask("message:delete", messageId=sent["id"]))["message"]
    assert deleted["deleted"] and deleted["body"] == "" and await bot.expect("message:deleted") == {"message": deleted}

    await bob.connect()
    resumed = (await bob.ask("resume", rooms=[{"roomId": ROOM, "rev": reacted["rev"]}]))["rooms"]
    assert resumed == [{"roomId": ROOM, "messages": [answer, deleted], "more": False}], resumed
    history = await bob.ask("message:history", roomId=ROOM)
    assert history["messages"] == [deleted, answer], history
    await bob.ask("room:leave", roomId=ROOM)
    left = await ann.expect("room:left")
    assert left["user"]["username"] == "Bob" and left["reason"] == "left", left
    for client in (ann, bob, bot):
        await client.socket.disconnect()
        await client.session.close()
        if client.fault:
            raise client.fault


asyncio.run(main())
