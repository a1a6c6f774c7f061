"""Signs in, uploads a picture, writes a post with it and reads the list, with a client that is generated from the server's OpenAPI document.

    pip install openapi-python-client
    openapi-python-client generate --url http://127.0.0.1:3000/openapi.json --meta none --output-path community_client
    pip install httpx attrs python-dateutil
    COMMUNITY_EMAIL=ann@example.org COMMUNITY_PASSWORD=… python first_post.py

The account must be verified; an operator makes one with `community user create`. COMMUNITY_URL is the server's address,
http://127.0.0.1:3000 unless it is set. With --print-session it only signs in and prints the session's cookie value.
"""

import base64
import io
import os
import sys
import uuid

from community_client import Client
from community_client.api.email import login_by_email
from community_client.api.posts import create_post, get_post, list_posts
from community_client.api.session import get_me
from community_client.api.uploads import upload
from community_client.models import Error, LoginBody, NewPostBody, UploadBody
from community_client.types import File

# One pixel. What a file is, its content tells; its name does not matter.
PICTURE = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def sent(answer):
    """The answer, or the end of the program with the server's own sentence."""
    if answer is None or isinstance(answer, Error):
        sys.exit(f"The server said no: {answer.error if answer else 'an answer that the document does not know'}")
    return answer


def main():
    url = os.environ.get("COMMUNITY_URL", "http://127.0.0.1:3000")
    login = LoginBody(email=os.environ["COMMUNITY_EMAIL"], password=os.environ["COMMUNITY_PASSWORD"])

    # Signing in sets the session cookie; inside the block the client keeps and sends it.
    with Client(base_url=url) as client:
        sent(login_by_email.sync(client=client, body=login))
        if "--print-session" in sys.argv:
            print(next(cookie.value for cookie in client.get_httpx_client().cookies.jar if cookie.name.endswith("community_sid")))
            return

        me = sent(get_me.sync(client=client)).user
        print(f"Signed in as {me.username} ({me.id}).")

        picture = sent(upload.sync(client=client, body=UploadBody(file=File(payload=io.BytesIO(PICTURE), file_name="pixel.png"))))
        print(f"Uploaded {picture.url} ({picture.width} × {picture.height} pixels).")

        # The key makes it safe to send the request again when the answer got lost: there will still be one post.
        key = str(uuid.uuid4())
        body = NewPostBody(title="Hello from Python", body="Written by a generated client.", attachments=[picture.url])
        post = sent(create_post.sync(client=client, body=body, idempotency_key=key)).post
        again = sent(create_post.sync(client=client, body=body, idempotency_key=key)).post
        assert again.id == post.id, "a retry made a second post"

        newest = sent(list_posts.sync(client=client, limit=5))
        assert newest[0].id == post.id, "the new post is not on top"
        stored = sent(get_post.sync(client=client, id=post.id)).post
        assert (stored.author_id, stored.attachments) == (me.id, [picture.url])
        print(f"Posted {post.id}; the newest of {len(newest)} posts is “{newest[0].title}”.")


if __name__ == "__main__":
    main()
