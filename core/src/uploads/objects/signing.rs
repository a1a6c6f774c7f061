//! Aliyun OSS: requests signed with HMAC-SHA256 (version 4), which the library does not offer though its own parts can.

use opendal::{Buffer, Error, ErrorKind, HttpBody, HttpTransport};
use poem::http::{Request, Response};
use reqsign_aliyun_oss::{Credential, RequestSigner, SigningVersion, StaticCredentialProvider};
use reqsign_core::{Context, Signer};

use crate::outbound::ObjectTransport;

/// Signs every request before it is sent.
pub(super) struct Signed {
    transport: ObjectTransport,
    signer: Signer<Credential>,
}

impl Signed {
    pub(super) fn new(transport: ObjectTransport, bucket: &str, region: &str, id: &str, secret: &str) -> Self {
        let how = RequestSigner::new(bucket).with_region(region).with_signing_version(SigningVersion::V4);
        Self { transport, signer: Signer::new(Context::new(), StaticCredentialProvider::new(id, secret), how) }
    }
}

impl HttpTransport for Signed {
    async fn fetch(&self, request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        let (mut parts, body) = request.into_parts();
        let signed = self.signer.sign(&mut parts, None).await;
        signed.map_err(|error| Error::new(ErrorKind::Unexpected, format!("the request cannot be signed: {error}")))?;
        self.transport.fetch(Request::from_parts(parts, body)).await
    }
}
