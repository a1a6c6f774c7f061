//! `[uploads]`: where uploaded files live, and what they may be.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{BaseUrl, Report, Secret, Size, Span};

/// The store for files that people upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UploadsSection {
    /// Which store.
    pub backend: UploadsBackend,
    /// `fs`: the folder. Unset: `uploads` in the data folder.
    pub directory: Option<PathBuf>,
    /// The address below which everybody finds the files, of a CDN say. Unset: `/uploads` of this server, or the bucket.
    pub public_url: Option<Url>,
    /// `s3`, `oss`: the bucket.
    pub bucket: Option<String>,
    /// `s3`, `oss`: the region.
    pub region: Option<String>,
    /// `s3`, `oss`: the address of the service. Unset: that of Amazon or Aliyun in the region.
    pub endpoint: Option<Url>,
    /// `s3`, `oss`: the id of the access key.
    pub access_key_id: Option<Secret>,
    /// `s3`, `oss`: its secret.
    pub secret_access_key: Option<Secret>,
    /// `s3`, `oss`: where the bucket stands in an address.
    pub addressing: Addressing,
    /// `oss`: how requests are signed.
    pub signature: OssSignature,
    /// How long the store may take for anything that it is asked, and for every 10 MiB of a file.
    pub store_timeout: Span,
    /// The largest file.
    pub max_file: Size,
    /// How long sending one may take.
    pub max_duration: Span,
    /// Pixels of a picture, in millions.
    pub max_megapixels: u32,
    /// Frames of an animation.
    pub max_frames: u32,
    /// Pictures of up to so many million pixels get a small version.
    pub thumbnail_megapixels: u32,
}

/// Kinds of stores for uploads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UploadsBackend {
    /// A folder.
    Fs,
    /// Amazon S3 and what speaks like it.
    S3,
    /// Aliyun OSS.
    Oss,
    /// None: uploading is answered with 503.
    None,
}

/// Where the bucket stands in an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Addressing {
    /// In front of the host.
    Virtual,
    /// At the beginning of the path.
    Path,
}

/// How requests to Aliyun OSS are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OssSignature {
    /// HMAC-SHA1, for old installations.
    V1,
    /// HMAC-SHA256 with the region.
    V4,
}

impl Default for UploadsSection {
    fn default() -> Self {
        Self {
            backend: UploadsBackend::Fs,
            directory: None,
            public_url: None,
            bucket: None,
            region: None,
            endpoint: None,
            access_key_id: None,
            secret_access_key: None,
            addressing: Addressing::Virtual,
            signature: OssSignature::V4,
            store_timeout: Span::seconds(13),
            max_file: Size::mib(10),
            max_duration: Span::minutes(10),
            max_megapixels: 50,
            max_frames: 512,
            thumbnail_megapixels: 24,
        }
    }
}

impl UploadsSection {
    /// The address of the service; `None` where there is none.
    pub fn endpoint(&self) -> Option<Url> {
        let region = self.region.as_deref().unwrap_or_default();
        let usual = match self.backend {
            UploadsBackend::S3 => format!("https://s3.{region}.amazonaws.com"),
            UploadsBackend::Oss => format!("https://oss-{region}.aliyuncs.com"),
            UploadsBackend::Fs | UploadsBackend::None => return None,
        };
        self.endpoint.clone().or_else(|| Url::parse(&usual).ok())
    }

    /// The address below which everybody finds the files, without a slash at its end.
    pub fn public_url(&self, base_url: &BaseUrl) -> String {
        let url = self.public_url.clone().or_else(|| self.bucket_url());
        url.map_or_else(|| base_url.join("/uploads"), |url| url.as_str().trim_end_matches('/').to_owned())
    }

    fn bucket_url(&self) -> Option<Url> {
        let (mut url, bucket) = (self.endpoint()?, self.bucket.as_deref()?);
        match self.addressing {
            Addressing::Virtual => {
                let host = format!("{bucket}.{}", url.host_str()?);
                url.set_host(Some(&host)).ok()?;
            }
            Addressing::Path => url.set_path(bucket),
        }
        Some(url)
    }

    /// Checks the section.
    pub fn validate(&self, report: &mut Report) {
        if matches!(self.backend, UploadsBackend::S3 | UploadsBackend::Oss) {
            self.validate_bucket(report);
        }
        for (key, url) in [("uploads.public_url", &self.public_url), ("uploads.endpoint", &self.endpoint)] {
            let plain = |url: &Url| matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none();
            let plain = |url: &Url| plain(url) && url.username().is_empty() && url.password().is_none();
            report.require(url.as_ref().is_none_or(plain), key, "must be like \"https://files.example.org\", without user and query");
        }
        report.require(self.store_timeout >= Span::seconds(1), "uploads.store_timeout", "must be at least 1s");
        report.require((1..=1 << 30).contains(&self.max_file.0), "uploads.max_file", "must be \"1 B\" to \"1 GiB\"");
        report.require(self.max_duration >= Span::seconds(1), "uploads.max_duration", "must be at least 1s");
        report.require((1..=1000).contains(&self.max_megapixels), "uploads.max_megapixels", "must be 1 to 1000");
        report.require((1..=100_000).contains(&self.max_frames), "uploads.max_frames", "must be 1 to 100000");
        report.require(self.thumbnail_megapixels <= 100, "uploads.thumbnail_megapixels", "must be 0 (no small versions) to 100");
    }

    fn validate_bucket(&self, report: &mut Report) {
        let missing = "is missing; the backends \"s3\" and \"oss\" need it";
        let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        report.require(given(&self.bucket), "uploads.bucket", missing);
        report.require(given(&self.region), "uploads.region", missing);
        report.require(self.access_key_id.is_some(), "uploads.access_key_id", missing);
        report.require(self.secret_access_key.is_some(), "uploads.secret_access_key", missing);
        let hostname = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        for (key, text) in [("uploads.bucket", &self.bucket), ("uploads.region", &self.region)] {
            let fits = text.as_ref().is_none_or(|text| text.chars().all(hostname));
            report.require(fits, key, "must consist of lower-case letters, digits, dots and dashes");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the service is, and where everybody finds files.
    fn addresses(change: impl FnOnce(&mut UploadsSection)) -> (Option<String>, String) {
        let mut section = UploadsSection {
            backend: UploadsBackend::Oss,
            bucket: Some("openclaw-ossss".to_owned()),
            region: Some("ap-southeast-1".to_owned()),
            ..UploadsSection::default()
        };
        change(&mut section);
        let listener = BaseUrl::of_listener(([127, 0, 0, 1], 3000).into());
        (section.endpoint().map(String::from), section.public_url(&listener))
    }

    #[test]
    fn files_are_where_the_service_has_them() {
        let endpoint = |text: &str| Some(text.to_owned());
        // The bucket of the API reference, by its name and region alone.
        assert_eq!(
            addresses(|_| ()),
            (endpoint("https://oss-ap-southeast-1.aliyuncs.com/"), "https://openclaw-ossss.oss-ap-southeast-1.aliyuncs.com".to_owned())
        );
        assert_eq!(
            addresses(|section| section.backend = UploadsBackend::S3),
            (endpoint("https://s3.ap-southeast-1.amazonaws.com/"), "https://openclaw-ossss.s3.ap-southeast-1.amazonaws.com".to_owned())
        );
        let minio = |section: &mut UploadsSection| {
            (section.backend, section.addressing) = (UploadsBackend::S3, Addressing::Path);
            section.endpoint = Url::parse("https://minio.internal:9000").ok();
        };
        assert_eq!(addresses(minio), (endpoint("https://minio.internal:9000/"), "https://minio.internal:9000/openclaw-ossss".to_owned()));
        let cdn = |section: &mut UploadsSection| section.public_url = Url::parse("https://files.example.org/all/").ok();
        assert_eq!(addresses(cdn).1, "https://files.example.org/all");
        assert_eq!(addresses(|section| section.backend = UploadsBackend::Fs), (None, "http://127.0.0.1:3000/uploads".to_owned()));
    }
}
