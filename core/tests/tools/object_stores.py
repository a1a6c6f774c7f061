"""Object stores for tests: S3 (moto, which checks signatures because keys are made through its IAM) and Aliyun OSS (oss_store.py).

    python object_stores.py

All ports are free ones of 127.0.0.1; the first line on stdout is {"s3": PORT, "oss": PORT, "api": PORT, "access_key": …,
"secret_key": …, "region": …}. It ends when its standard input closes, so it never outlives the tests that started it.
What tests want to know about a bucket, they ask the third port; STORE is s3 or oss:

    POST   /STORE/BUCKET           makes a bucket
    GET    /STORE/BUCKET           {"objects": [{key, size}], "unfinished": [keys of multipart uploads under way], "seen": counters}
    PUT    /STORE/BUCKET/KEY       puts an object there, as somebody else would
    DELETE /STORE/BUCKET/KEY       takes it away, likewise
    GET    /STORE/BUCKET/KEY       the object with its headers, as a CDN gives it to anybody
"""

import contextlib
import io
import json
import logging
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

# Before moto is imported: the first three calls make the user, the key and its policy; from then on each must be signed.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "3"

import boto3
import botocore.config
import botocore.exceptions
from moto.server import ThreadedMotoServer
from oss_store import Bucket, OssHandler, Signatures

REGION = "ap-southeast-1"
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def start_s3():
    """Starts moto; gives its port, the key's id and secret."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        server.start()
    _, port = server.get_host_and_port()
    iam = boto3.client("iam", endpoint_url=f"http://127.0.0.1:{port}", region_name=REGION, aws_access_key_id="none", aws_secret_access_key="none")
    iam.create_user(UserName="community")
    key = iam.create_access_key(UserName="community")["AccessKey"]
    iam.put_user_policy(UserName="community", PolicyName="all", PolicyDocument=json.dumps(POLICY))
    return port, key["AccessKeyId"], key["SecretAccessKey"]


class S3:
    """Looks into moto from outside, with the same keys as the server under test."""

    def __init__(self, port, access_key, secret_key):
        config = botocore.config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}, max_pool_connections=64)
        keys = {"aws_access_key_id": access_key, "aws_secret_access_key": secret_key}
        self.client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name=REGION, config=config, **keys)

    def make(self, bucket):
        self.client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})

    def look(self, bucket):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        objects = [{"key": entry["Key"], "size": entry["Size"]} for page in pages for entry in page.get("Contents", [])]
        uploads = self.client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
        return {"objects": objects, "unfinished": [upload["Key"] for upload in uploads], "seen": {}}

    def put(self, bucket, key, body):
        self.client.put_object(Bucket=bucket, Key=key, Body=body)

    def delete(self, bucket, key):
        self.client.delete_object(Bucket=bucket, Key=key)

    def get(self, bucket, key):
        try:
            found = self.client.get_object(Bucket=bucket, Key=key)
        except botocore.exceptions.ClientError:
            return None
        names = {"content-type": "ContentType", "content-disposition": "ContentDisposition", "cache-control": "CacheControl"}
        return found["Body"].read(), {name: found[field] for name, field in names.items() if field in found}


class Oss:
    """Looks into the store of this process."""

    def make(self, bucket):
        OssHandler.buckets[bucket] = Bucket()

    def look(self, bucket):
        found = OssHandler.buckets[bucket]
        objects = [{"key": key, "size": len(body)} for key, (body, _, _) in sorted(found.objects.items())]
        return {"objects": objects, "unfinished": [key for key, _, _ in found.uploads.values()], "seen": dict(found.seen)}

    def put(self, bucket, key, body):
        OssHandler.buckets[bucket].put(key, body, {})

    def delete(self, bucket, key):
        OssHandler.buckets[bucket].objects.pop(key, None)

    def get(self, bucket, key):
        found = OssHandler.buckets[bucket].objects.get(key)
        return found and found[:2]


class Api(BaseHTTPRequestHandler):
    """The third port."""

    stores = {}

    def log_message(self, *_arguments):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        store, bucket, key = [*unquote(self.path).lstrip("/").split("/", 2), ""][:3]
        store, headers = self.stores[store], {"content-type": "application/json"}
        status, answer = 200, b"{}"
        if self.command == "POST":
            store.make(bucket)
        elif self.command == "PUT":
            store.put(bucket, key, body)
        elif self.command == "DELETE":
            store.delete(bucket, key)
        elif not key:
            answer = json.dumps(store.look(bucket)).encode()
        elif found := store.get(bucket, key):
            answer, headers = found
        else:
            status = 404
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(answer))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any


def serve(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def main():
    logging.disable(logging.CRITICAL)
    s3, access_key, secret_key = start_s3()
    OssHandler.signatures = Signatures(access_key, secret_key, REGION)
    Api.stores = {"s3": S3(s3, access_key, secret_key), "oss": Oss()}
    ready = {"s3": s3, "oss": serve(OssHandler), "api": serve(Api), "access_key": access_key, "secret_key": secret_key, "region": REGION}
    print(json.dumps(ready), flush=True)
    sys.stdin.buffer.read()
    # Threads of moto would otherwise go on.
    os._exit(0)


if __name__ == "__main__":
    main()
