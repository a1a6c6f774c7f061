"""An object store with the manners of Aliyun OSS, as far as uploads need them. It keeps everything in memory.

Whether a request is signed well is not for this file to say: the official SDK (PyPI oss2) computes what the signature should have
been, V1 or V4. Buckets are public-read, as the documentation of the server asks for: who reads one object needs no signature, for
all else it takes one. A bucket stands in front of the host (`bucket.oss.test`) or at the beginning of the path.
"""

import base64
import hashlib
import secrets
import time
from collections import Counter
from datetime import datetime, timezone
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import oss2.auth
import oss2.http
import oss2.utils
from oss2.credentials import StaticCredentialsProvider

SMALLEST_PART = 100 * 1024
LARGEST_SKEW = 900
HOST = ".oss.test"
KEPT_HEADERS = ("content-type", "content-disposition", "cache-control", "content-encoding")


class Refused(Exception):
    """What becomes an error document."""

    def __init__(self, status, code, message=""):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Bucket:
    """The objects, the multipart uploads that are under way, and how often each signature and each error was seen."""

    def __init__(self):
        self.objects = {}
        self.uploads = {}
        self.seen = Counter()

    def put(self, key, body, headers):
        kept = {name: headers[name] for name in KEPT_HEADERS if name in headers}
        kept.setdefault("content-type", "application/octet-stream")
        self.objects[key] = (body, kept, time.time())


class Signatures:
    """Computes signatures with Aliyun's own code and compares."""

    def __init__(self, access_key, secret, region):
        self.access_key, self.region = access_key, region
        self.credentials = StaticCredentialsProvider(access_key, secret)

    def check(self, method, bucket, key, headers, query):
        """The version of a good signature, None if there is none; a bad one is refused."""
        authorization = headers.get("authorization", "")
        if not authorization:
            return None
        kind, _, rest = authorization.partition(" ")
        fields = {name: value for name, value in headers.items() if name not in ("authorization", "user-agent", "host")}
        if kind == "OSS":
            return self.check_v1(method, bucket, key, fields, query, rest)
        if kind == "OSS4-HMAC-SHA256":
            # The host may be among the additional headers.
            return self.check_v4(method, bucket, key, {**fields, "host": headers["host"]}, query, rest)
        raise Refused(400, "InvalidArgument", f"what is {kind}?")

    def check_v1(self, method, bucket, key, fields, query, rest):
        access_key, _, signature = rest.partition(":")
        self.check_key(access_key)
        self.check_skew(oss2.utils.http_to_unixtime(fields.get("x-oss-date") or fields["date"]))
        request = oss2.http.Request(method, "", params=query, headers=fields)
        own = oss2.auth.ProviderAuth(self.credentials)
        # The SDK has no public way to sign as of a moment that has passed.
        expected = own._ProviderAuth__make_signature(request, bucket, key, self.credentials.get_credentials())
        self.compare(signature, expected)
        return "v1"

    def check_v4(self, method, bucket, key, fields, query, rest):
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        access_key, day, region, product, terminator = parts["Credential"].split("/")
        self.check_key(access_key)
        moment = fields["x-oss-date"]
        if (region, product, terminator) != (self.region, "oss", "aliyun_v4_request") or not moment.startswith(day):
            raise Refused(403, "AccessDenied", f"the scope is {parts['Credential']}")
        self.check_skew(datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp())
        request = oss2.http.Request(method, "", params=query, headers=fields, region=region, product=product)
        own = oss2.auth.ProviderAuthV4(self.credentials)
        additional = [name for name in parts.get("AdditionalHeaders", "").split(";") if name]
        expected = own._ProviderAuthV4__make_signature(request, bucket, key, additional, self.credentials.get_credentials(), moment)
        self.compare(parts["Signature"], expected)
        return "v4"

    def check_key(self, access_key):
        if access_key != self.access_key:
            raise Refused(403, "InvalidAccessKeyId")

    @staticmethod
    def check_skew(moment):
        if abs(moment - time.time()) > LARGEST_SKEW:
            raise Refused(403, "RequestTimeTooSkewed")

    @staticmethod
    def compare(signature, expected):
        if signature != expected:
            raise Refused(403, "SignatureDoesNotMatch")


class OssHandler(BaseHTTPRequestHandler):
    """One request."""

    buckets = {}
    signatures = None

    def log_message(self, *_arguments):
        pass

    def handle_any(self):
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            # The sender is gone: half of it is no object, and nobody is there to be told.
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        name, key = locate(headers.get("host", ""), unquote(url.path).removeprefix("/"))
        bucket = self.buckets.get(name)
        try:
            if bucket is None:
                raise Refused(404, "NoSuchBucket", name)
            self.admit(bucket, name, key, headers, query)
            md5 = headers.get("content-md5")
            if md5 and base64.b64encode(hashlib.md5(body).digest()).decode() != md5:
                raise Refused(400, "InvalidDigest")
            self.answer(*self.serve(bucket, key, headers, query, body))
        except Refused as refused:
            if bucket is not None:
                bucket.seen[refused.code] += 1
            text = f"<Error><Code>{refused.code}</Code><Message>{escape(refused.message)}</Message></Error>"
            self.answer(refused.status, text.encode())

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any

    def admit(self, bucket, name, key, headers, query):
        try:
            version = self.signatures.check(self.command, name, key, headers, query)
        except (KeyError, ValueError) as error:
            raise Refused(400, "InvalidArgument", repr(error)) from error
        if version is None and not (self.command in ("GET", "HEAD") and key):
            raise Refused(403, "AccessDenied", "this takes a signature")
        bucket.seen[version or "anonymous"] += 1

    def serve(self, bucket, key, headers, query, body):
        """Status, body and headers of the answer."""
        command = self.command
        if not key and command == "GET":
            return self.list(bucket, query)
        if not key and command == "POST" and "delete" in query:
            return self.delete_many(bucket, body)
        if command == "POST" and "uploads" in query:
            return self.begin(bucket, key, headers)
        if "uploadId" in query:
            return self.go_on(bucket, key, headers, query, body)
        if command == "PUT":
            self.spare(bucket, key, headers)
            bucket.put(key, body, headers)
            return 200, b"", {"etag": etag(body)}
        if command == "DELETE":
            bucket.objects.pop(key, None)
            return 204, b"", {}
        return self.read(bucket, key, headers)

    @staticmethod
    def spare(bucket, key, headers):
        if headers.get("x-oss-forbid-overwrite") == "true" and key in bucket.objects:
            raise Refused(409, "FileAlreadyExists", key)

    @staticmethod
    def read(bucket, key, headers):
        if key not in bucket.objects:
            raise Refused(404, "NoSuchKey", key)
        body, kept, moment = bucket.objects[key]
        fields = {**kept, "etag": etag(body), "last-modified": formatdate(moment, usegmt=True), "accept-ranges": "bytes"}
        first, dash, last = headers.get("range", "").removeprefix("bytes=").partition("-")
        if dash and first.isdigit() and int(first) < len(body):
            end = min(int(last or len(body)), len(body) - 1)
            fields["content-range"] = f"bytes {first}-{end}/{len(body)}"
            return 206, body[int(first) : end + 1], fields
        return 200, body, fields

    @staticmethod
    def list(bucket, query):
        prefix, after = query.get("prefix", ""), query.get("continuation-token") or query.get("start-after", "")
        if query.get("encoding-type") == "url":
            prefix, after = unquote(prefix), unquote(after)
        most, delimiter = int(query.get("max-keys", 100)), query.get("delimiter", "")
        found, folders, cut = [], set(), None
        for key in sorted(key for key in bucket.objects if key.startswith(prefix) and key > after):
            if len(found) + len(folders) >= most:
                cut = found[-1] if found else key
                break
            if delimiter and delimiter in key[len(prefix) :]:
                folders.add(prefix + key[len(prefix) :].split(delimiter)[0] + delimiter)
            else:
                found.append(key)
        document = ElementTree.Element("ListBucketResult")
        fields = {"Prefix": prefix, "MaxKeys": most, "Delimiter": delimiter, "KeyCount": len(found), "IsTruncated": str(cut is not None).lower()}
        if cut is not None:
            fields["NextContinuationToken"] = cut
        add(document, fields)
        for key in found:
            body, _, moment = bucket.objects[key]
            modified = datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            entry = {"Key": key, "LastModified": modified, "ETag": etag(body), "Type": "Normal", "Size": len(body), "StorageClass": "Standard"}
            add(ElementTree.SubElement(document, "Contents"), entry)
        for folder in sorted(folders):
            add(ElementTree.SubElement(document, "CommonPrefixes"), {"Prefix": folder})
        return 200, ElementTree.tostring(document), {"content-type": "application/xml"}

    @staticmethod
    def delete_many(bucket, body):
        keys = [element.text for element in ElementTree.fromstring(body).iter("Key")]
        document = ElementTree.Element("DeleteResult")
        for key in keys:
            bucket.objects.pop(key, None)
            add(ElementTree.SubElement(document, "Deleted"), {"Key": key})
        return 200, ElementTree.tostring(document), {"content-type": "application/xml"}

    @staticmethod
    def begin(bucket, key, headers):
        OssHandler.spare(bucket, key, headers)
        upload = secrets.token_hex(16).upper()
        bucket.uploads[upload] = (key, headers, {})
        document = ElementTree.Element("InitiateMultipartUploadResult")
        add(document, {"Key": key, "UploadId": upload})
        return 200, ElementTree.tostring(document), {"content-type": "application/xml"}

    def go_on(self, bucket, key, headers, query, body):
        upload = bucket.uploads.get(query["uploadId"])
        if upload is None or upload[0] != key:
            raise Refused(404, "NoSuchUpload", query["uploadId"])
        if self.command == "DELETE":
            del bucket.uploads[query["uploadId"]]
            return 204, b"", {}
        if self.command == "PUT":
            upload[2][int(query["partNumber"])] = body
            return 200, b"", {"etag": etag(body)}
        return self.complete(bucket, key, headers, query["uploadId"], body)

    @staticmethod
    def complete(bucket, key, headers, upload, body):
        _, kept, parts = bucket.uploads[upload]
        OssHandler.spare(bucket, key, headers)
        named = [(int(part.findtext("PartNumber")), part.findtext("ETag")) for part in ElementTree.fromstring(body).iter("Part")]
        if [number for number, _ in named] != sorted({number for number, _ in named}):
            raise Refused(400, "InvalidPartOrder")
        for number, tag in named:
            if number not in parts or etag(parts[number]).strip('"') != (tag or "").strip('"'):
                raise Refused(400, "InvalidPart", str(number))
        if any(len(parts[number]) < SMALLEST_PART for number, _ in named[:-1]):
            raise Refused(400, "EntityTooSmall")
        whole = b"".join(parts[number] for number, _ in named)
        bucket.put(key, whole, kept)
        del bucket.uploads[upload]
        document = ElementTree.Element("CompleteMultipartUploadResult")
        add(document, {"Key": key, "ETag": etag(whole)})
        return 200, ElementTree.tostring(document), {"content-type": "application/xml"}

    def answer(self, status, body, headers=None):
        self.send_response(status)
        fields = {"content-type": "application/xml", "x-oss-request-id": secrets.token_hex(12).upper(), **(headers or {})}
        for name, value in {**fields, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def locate(host, path):
    """The bucket and the key that a request is about."""
    host = host.partition(":")[0]
    if host.endswith(HOST):
        return host.removesuffix(HOST), path
    name, _, key = path.partition("/")
    return name, key


def etag(body):
    return '"' + hashlib.md5(body).hexdigest().upper() + '"'


def add(element, fields):
    for name, value in fields.items():
        ElementTree.SubElement(element, name).text = str(value)
