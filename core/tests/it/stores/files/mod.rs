//! Files of the allowed kinds in their pieces: made by code, full of what their owners would not like to publish, and easy to break
//! at any of their joints.

pub mod audit;
mod gif;
mod jpeg;
mod pdf;
mod png;
mod webp;
mod zlib;

use image::{DynamicImage, Rgb, RgbImage};

pub use self::{audit::Facts, gif::*, jpeg::*, pdf::*, png::*, webp::*, zlib::bomb};

/// Stands in every place where a file can hold words. No stored byte may come from it.
pub const CANARY: &str = "Canary";

/// Degrees, minutes and hundredths of seconds of a place, as EXIF has them.
const PLACE: [u32; 6] = [52, 1, 31, 1, 1234, 100];

/// The kinds that are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Png,
    Jpeg,
    Gif,
    Webp,
    Pdf,
}

impl Kind {
    /// The content type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Pdf => "application/pdf",
        }
    }

    /// How names of such files end.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Pdf => "pdf",
        }
    }
}

/// A file in the pieces that its format knows.
#[derive(Debug, Clone)]
pub struct Pieces {
    pub kind: Kind,
    pub pieces: Vec<Vec<u8>>,
}

impl Pieces {
    /// The whole file.
    pub fn whole(&self) -> Vec<u8> {
        self.pieces.concat()
    }

    /// The file cut between all pieces and in the middle of each, with the number of whole pieces that are left.
    pub fn truncations(&self) -> Vec<(usize, Vec<u8>)> {
        let mut cuts = Vec::new();
        for count in 0..self.pieces.len() {
            let before = self.pieces[..count].concat();
            let half = &self.pieces[count][..self.pieces[count].len() / 2];
            if !half.is_empty() {
                cuts.push((count, [before.clone(), half.to_vec()].concat()));
            }
            cuts.push((count, before));
        }
        cuts
    }

    /// The same with other pieces put in before the piece at `place`.
    #[must_use]
    pub fn with(&self, place: usize, more: Vec<Vec<u8>>) -> Self {
        let mut pieces = self.pieces.clone();
        pieces.splice(place..place, more);
        Self { kind: self.kind, pieces }
    }
}

/// A picture in which every corner has a colour of its own, so that it shows when it was turned.
pub fn picture(width: u32, height: u32) -> DynamicImage {
    let shade = |at: u32, of: u32| u8::try_from(at * 255 / of.max(1)).unwrap();
    RgbImage::from_fn(width, height, |x, y| Rgb([shade(x, width), shade(y, height), if x * 2 < width { 40 } else { 200 }])).into()
}

/// An EXIF block (TIFF, big-endian) that says who took a picture, where, and how to turn it.
pub fn exif(orientation: u16) -> Vec<u8> {
    let maker = format!("{CANARY}\0");
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value].concat()
    };
    let [high, low] = orientation.to_be_bytes();
    // The header, three entries and the end of the directory take 50 bytes, then the name, then the directory of the place.
    let gps = 50 + u32::try_from(maker.len()).unwrap();
    let rationals = gps + 2 + 2 * 12 + 4;
    let directory = [
        b"MM\0\x2a\0\0\0\x08".to_vec(),
        3_u16.to_be_bytes().to_vec(),
        entry(0x010f, 2, u32::try_from(maker.len()).unwrap(), 50_u32.to_be_bytes()),
        entry(0x0112, 3, 1, [high, low, 0, 0]),
        entry(0x8825, 4, 1, gps.to_be_bytes()),
        vec![0; 4],
        maker.into_bytes(),
        2_u16.to_be_bytes().to_vec(),
        entry(1, 2, 2, *b"N\0\0\0"),
        entry(2, 5, 3, rationals.to_be_bytes()),
        vec![0; 4],
    ];
    [directory.concat(), place()].concat()
}

/// The bytes of the place, which must be nowhere in what is stored.
pub fn place() -> Vec<u8> {
    PLACE.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// A packet of XMP.
pub fn xmp() -> Vec<u8> {
    format!("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><creator>{CANARY}</creator></x:xmpmeta>").into_bytes()
}
