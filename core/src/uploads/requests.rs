//! Uploads as clients see them.

use poem::{Body, Request, RequestBody, http::header};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions, Object,
    registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry},
    types::Example,
};
use serde_json::json;

use super::{model::Upload, objects::Objects};

/// A file that is text, and is taken.
const EXAMPLE: &str = "%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n";

/// A form with a file, not yet read.
pub struct FileBody {
    /// What the request says that it is.
    pub content_type: Option<String>,
    /// How many bytes it says that it has.
    pub length: Option<u64>,
    /// The form.
    pub body: Body,
}

impl<'a> ApiExtractor<'a> for FileBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(_: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        let file = MetaSchema {
            description: Some("A JPEG, PNG, GIF, WebP or PDF. What it is, its content tells, not its name."),
            ..MetaSchema::new_with_format("string", "binary")
        };
        let form = MetaSchema {
            properties: vec![("file", MetaSchemaRef::Inline(Box::new(file)))],
            required: vec!["file"],
            example: Some(json!({ "file": EXAMPLE })),
            ..MetaSchema::new("object")
        };
        let content = vec![MetaMediaType { content_type: "multipart/form-data", schema: MetaSchemaRef::Inline(Box::new(form)) }];
        Some(MetaRequest { description: None, content, required: true })
    }

    async fn from_request(request: &'a Request, body: &mut RequestBody, _: ExtractParamOptions<()>) -> poem::Result<Self> {
        let header = |name| request.header(name);
        Ok(Self {
            content_type: header(header::CONTENT_TYPE).map(str::to_owned),
            length: header(header::CONTENT_LENGTH).and_then(|length| length.parse().ok()),
            body: body.take()?,
        })
    }
}

/// An upload.
#[derive(Debug, Object)]
#[oai(rename = "Upload", rename_all = "camelCase", example)]
pub struct UploadBody {
    /// Opaque id, for `/api/uploads/{id}`.
    pub id: String,
    /// Where everybody finds it, for `attachments` or anywhere else.
    pub url: String,
    /// What it is.
    pub content_type: String,
    /// What the sender called it, in one line of at most 100 characters; only its owner is told. `null` where there was no name.
    pub name: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Pixels from left to right, of a picture.
    pub width: Option<u32>,
    /// Pixels from top to bottom, of a picture.
    pub height: Option<u32>,
    /// Where a small version of a picture is; `null` until it is made, and where there is none.
    pub thumbnail_url: Option<String>,
    /// When it was uploaded, RFC 3339 UTC.
    pub created_at: String,
}

impl UploadBody {
    /// `upload` as it is found in `objects`.
    pub fn new(upload: &Upload, objects: &Objects) -> Self {
        Self {
            id: upload.id.to_string(),
            url: objects.url(&upload.key),
            content_type: upload.kind.media_type().to_owned(),
            name: upload.name.clone(),
            size: upload.size,
            width: upload.dimensions.map(|dimensions| dimensions.width),
            height: upload.dimensions.map(|dimensions| dimensions.height),
            thumbnail_url: upload.small().map(|key| objects.url(&key)),
            created_at: upload.created_at.to_string(),
        }
    }
}

impl Example for UploadBody {
    fn example() -> Self {
        let place = "https://files.example.com/community/2026/01/0123456789abcdef0123456789abcdef";
        Self {
            id: "up-01kb3x2v5q8m4n7p9r1s3t5v7w".to_owned(),
            url: format!("{place}.png"),
            content_type: "image/png".to_owned(),
            name: Some("Lighthouse.png".to_owned()),
            size: 73_512,
            width: Some(1200),
            height: Some(800),
            thumbnail_url: Some(format!("{place}-small.jpg")),
            created_at: "2026-01-31T12:00:00.000Z".to_owned(),
        }
    }
}

/// The answer to an upload.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase", example)]
pub struct UploadAnswer {
    /// Always `true`.
    pub ok: bool,
    /// The upload itself.
    #[oai(flatten)]
    pub upload: UploadBody,
}

impl Example for UploadAnswer {
    fn example() -> Self {
        Self { ok: true, upload: UploadBody { thumbnail_url: None, ..UploadBody::example() } }
    }
}

/// A page of one's own uploads.
#[derive(Debug, Object)]
#[oai(example)]
pub struct UploadList {
    /// Always `true`.
    pub ok: bool,
    /// Newest first.
    pub uploads: Vec<UploadBody>,
    /// Whether there are older ones: the next page begins `before` the last id.
    pub more: bool,
}

impl Example for UploadList {
    fn example() -> Self {
        Self { ok: true, uploads: vec![UploadBody::example()], more: false }
    }
}
