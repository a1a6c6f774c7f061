//! Aliyun OSS: signed requests. The library's own signature is the old one (version 1) only, though its parts know both, and it forgets
//! the slash after a bucket that begins a path.

use opendal::{Buffer, Error, ErrorKind, HttpBody, HttpTransport};
use poem::http::{Request, Response, Uri};
use reqsign_aliyun_oss::{Credential, RequestSigner, SigningVersion, StaticCredentialProvider};
use reqsign_core::{Context, Signer};

use crate::{config::OssSignature, outbound::ObjectTransport};

/// Signs every request before it is sent.
pub(super) struct Signed {
    transport: ObjectTransport,
    signer: Signer<Credential>,
    bucket: String,
}

impl Signed {
    /// Signs for `bucket` in `region` with a key's id and secret.
    pub fn new(transport: ObjectTransport, version: OssSignature, bucket: &str, region: &str, (id, secret): (&str, &str)) -> Self {
        let version = match version {
            OssSignature::V1 => SigningVersion::V1,
            OssSignature::V4 => SigningVersion::V4,
        };
        let how = RequestSigner::new(bucket).with_region(region).with_signing_version(version);
        let signer = Signer::new(Context::new(), StaticCredentialProvider::new(id, secret), how);
        Self { transport, signer, bucket: bucket.to_owned() }
    }

    /// The address of the bucket itself as it is signed: with a slash at its end.
    fn addressed(&self, uri: &Uri) -> Option<Uri> {
        let whole = uri.path().strip_prefix('/') == Some(&self.bucket);
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let address = || {
            format!(
                "{}://{}/{}/{query}",
                uri.scheme_str().unwrap_or("https"),
                uri.authority().map_or("", |host| host.as_str()),
                self.bucket
            )
        };
        whole.then(address)?.parse().ok()
    }
}

impl HttpTransport for Signed {
    async fn fetch(&self, request: Request<Buffer>) -> opendal::Result<Response<HttpBody>> {
        let (mut parts, body) = request.into_parts();
        if let Some(uri) = self.addressed(&parts.uri) {
            parts.uri = uri;
        }
        let signed = self.signer.sign(&mut parts, None).await;
        signed.map_err(|error| Error::new(ErrorKind::Unexpected, format!("the request cannot be signed: {error}")))?;
        self.transport.fetch(Request::from_parts(parts, body)).await
    }
}
