//! What an upload is.

use super::key::ObjectKey;
use crate::{
    clock::Timestamp,
    ids::{NodeId, UploadId, UserId},
    text::one_line,
};

/// The formats that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// JPEG.
    Jpeg,
    /// PNG, animated or not.
    Png,
    /// GIF, animated or not.
    Gif,
    /// WebP, animated or not.
    Webp,
    /// PDF.
    Pdf,
}

/// Every kind with the ending of its files and its media type.
const KINDS: [(Kind, &str, &str); 5] = [
    (Kind::Jpeg, "jpg", "image/jpeg"),
    (Kind::Png, "png", "image/png"),
    (Kind::Gif, "gif", "image/gif"),
    (Kind::Webp, "webp", "image/webp"),
    (Kind::Pdf, "pdf", "application/pdf"),
];

impl Kind {
    /// How many bytes [`Kind::of`] wants to see.
    pub const HEAD: usize = 64;

    /// The kind of a file that begins with `head`; `None` for all others.
    pub fn of(head: &[u8]) -> Option<Self> {
        let found = infer::get(head)?.mime_type();
        let (kind, ..) = KINDS.iter().find(|(.., media_type)| *media_type == found)?;
        // Others look for it further on; browsers would believe what stands before.
        let begins = *kind != Self::Pdf || head.starts_with(b"%PDF-1.") || head.starts_with(b"%PDF-2.");
        begins.then_some(*kind)
    }

    /// The kind whose files end in `text`.
    pub fn from_ending(text: &str) -> Option<Self> {
        KINDS.iter().find(|(_, ending, _)| *ending == text).map(|(kind, ..)| *kind)
    }

    fn entry(self) -> &'static (Self, &'static str, &'static str) {
        // The order of the table is that of the variants.
        &KINDS[self as usize]
    }

    /// How names of such files end.
    pub fn ending(self) -> &'static str {
        self.entry().1
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        self.entry().2
    }

    /// Whether it is a picture.
    pub fn is_picture(self) -> bool {
        self != Self::Pdf
    }

    /// What a browser is to do with it: show pictures, save the rest.
    pub fn disposition(self, name: &str) -> String {
        let how = if self.is_picture() { "inline" } else { "attachment" };
        format!("{how}; filename=\"{name}\"")
    }
}

/// The longest name of a file that is kept, in characters.
const MAX_NAME: usize = 100;

/// What may be kept of the name that a sender gives a file: the last part of a path, in one visible line. `None` if nothing is left.
pub fn name_from(text: &str) -> Option<String> {
    let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = one_line(last, MAX_NAME).trim_end_matches(['.', ' ']).to_owned();
    (!name.is_empty()).then_some(name)
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its object is being written.
    Reserved,
    /// Its object is whole.
    Ready,
    /// It was removed, its objects are to be.
    Removed,
    /// Its objects are gone, too; it only counts for the day's quota.
    Gone,
}

impl State {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Reserved, "reserved"), (Self::Ready, "ready"), (Self::Removed, "removed"), (Self::Gone, "gone")];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Reads [`Self::as_str`].
    pub fn from_stored(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, word)| *word == text).map(|(state, _)| *state)
    }
}

/// The small version of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thumbnail {
    /// There is none, and none will be made.
    None,
    /// To be made.
    Wanted,
    /// The picture could not be decoded.
    Failed,
    /// Made, of this kind.
    Made(Kind),
}

impl Thumbnail {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Wanted => "wanted",
            Self::Failed => "failed",
            Self::Made(kind) => kind.ending(),
        }
    }

    /// Reads [`Self::as_str`].
    pub fn from_stored(text: &str) -> Self {
        match text {
            "wanted" => Self::Wanted,
            "failed" => Self::Failed,
            _ => Kind::from_ending(text).map_or(Self::None, Self::Made),
        }
    }
}

/// Width and height in pixels, as the picture is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dimensions {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl Dimensions {
    /// Pixels in all.
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// A file that somebody uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Opaque id; later uploads have greater ones.
    pub id: UploadId,
    /// Whose it is; `None` once the account is gone.
    pub user: Option<UserId>,
    /// Which process received it.
    pub node: NodeId,
    /// Where the object is.
    pub key: ObjectKey,
    /// What it is.
    pub kind: Kind,
    /// How far it is.
    pub state: State,
    /// Bytes; until it is ready, those that were reserved.
    pub size: u64,
    /// Of a picture.
    pub dimensions: Option<Dimensions>,
    /// Of a picture.
    pub thumbnail: Thumbnail,
    /// What its owner calls it, from [`name_from`]. Only its owner sees it, and nothing is done by it.
    pub name: Option<String>,
    /// When the upload began.
    pub created_at: Timestamp,
}

impl Upload {
    /// The key of the small version, if there is one.
    pub fn small(&self) -> Option<ObjectKey> {
        match self.thumbnail {
            Thumbnail::Made(kind) => Some(self.key.small(kind)),
            _ => None,
        }
    }

    /// Every key under which there may be an object.
    pub fn keys(&self) -> Vec<ObjectKey> {
        let mut keys = vec![self.key.clone()];
        if self.kind.is_picture() {
            keys.extend([Kind::Jpeg, Kind::Png].map(|kind| self.key.small(kind)));
        }
        keys
    }
}

/// What a user did upload in the last day.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// Uploads.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When the oldest of them began.
    pub oldest: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e07_of_a_name_only_what_can_be_seen_is_kept() {
        let long = format!("{}.pdf", "x".repeat(4096));
        for (sent, kept) in [
            ("Größe 日本.png", Some("Größe 日本.png")),
            ("../../etc/passwd", Some("passwd")),
            (r"..\..\x", Some("x")),
            (r"C:\x", Some("x")),
            ("a\0b\r\n.png", Some("ab .png")),
            ("gpj.\u{202e}exe", Some("gpj.exe")),
            ("trailing. ", Some("trailing")),
            (".htaccess", Some(".htaccess")),
            (&long, Some(&long[..100])),
            ("", None),
            ("..", None),
            ("a/", None),
        ] {
            assert_eq!(name_from(sent).as_deref(), kept, "{sent:?}");
        }
    }

    #[test]
    fn words_in_the_database_are_read_as_they_are_written() {
        for state in [State::Reserved, State::Ready, State::Removed, State::Gone] {
            assert_eq!(State::from_stored(state.as_str()), Some(state));
        }
        for kind in [Kind::Jpeg, Kind::Png, Kind::Gif, Kind::Webp, Kind::Pdf] {
            assert_eq!(Kind::from_ending(kind.ending()), Some(kind));
        }
        for thumbnail in [Thumbnail::None, Thumbnail::Wanted, Thumbnail::Failed, Thumbnail::Made(Kind::Png)] {
            assert_eq!(Thumbnail::from_stored(thumbnail.as_str()), thumbnail);
        }
    }
}
