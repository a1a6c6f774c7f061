//! WebP: chunks in a RIFF container that says how long it is.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use image::{DynamicImage, codecs::webp::WebPEncoder};

use super::{CANARY, Kind, Pieces, exif, xmp};

const ICC: u8 = 0x20;
const ALPHA: u8 = 0x10;
const EXIF: u8 = 0x08;
const XMP: u8 = 0x04;
const ANIMATION: u8 = 0x02;

/// A lossless picture as an encoder leaves it: the container, and one chunk.
pub fn webp(picture: &DynamicImage) -> Pieces {
    container(vec![lossless(picture)])
}

/// A picture of one pixel that lost something on its way.
pub fn lossy_webp() -> Pieces {
    let bytes = STANDARD.decode("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA").unwrap();
    Pieces { kind: Kind::Webp, pieces: vec![bytes[..12].to_vec(), bytes[12..].to_vec()] }
}

/// A picture as a telephone leaves it.
pub fn private_webp(picture: &DynamicImage, orientation: u16) -> Pieces {
    container(vec![
        extended(EXIF | XMP, picture.width(), picture.height()),
        lossless(picture),
        riff_chunk(b"EXIF", &exif(orientation)),
        riff_chunk(b"XMP ", &xmp()),
        riff_chunk(b"NOTE", CANARY.as_bytes()),
    ])
}

/// An animation of so many frames, each of which says that it is so large.
pub fn webp_frames(count: usize, (width, height): (u32, u32)) -> Pieces {
    let frame = lossless(&super::picture(1, 1));
    let place = [&[0; 6][..], &minus_one(width), &minus_one(height), &[100, 0, 0, 0]].concat();
    let mut chunks = vec![extended(ANIMATION, 1, 1), riff_chunk(b"ANIM", &[0; 6])];
    chunks.extend((0..count).map(|_| riff_chunk(b"ANMF", &[&place[..], &frame].concat())));
    container(chunks)
}

/// An animation whose first frame says that it ends before its only part does, which holds so many frames more.
pub fn webp_hidden_frames(count: usize) -> Pieces {
    let mut file = webp_frames(count + 1, (1, 1));
    let hidden: usize = file.pieces[4..].iter().map(Vec::len).sum();
    let part = [b"ALPH".as_slice(), &u32::try_from(hidden).unwrap().to_le_bytes()].concat();
    file.pieces.insert(3, riff_chunk(b"ANMF", &[&[0; 16][..], &part].concat()));
    container(file.pieces.split_off(1))
}

/// A header that promises a picture of this size in the way of the container; the picture is another.
pub fn webp_claiming(width: u32, height: u32) -> Pieces {
    container(vec![extended(ICC & ALPHA, width, height), lossless(&super::picture(2, 2))])
}

/// The picture itself promises to be as large as such pictures can be.
pub fn largest_webps() -> [Pieces; 2] {
    let lossless = riff_chunk(b"VP8L", &[0x2f, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0]);
    let mut lossy = lossy_webp();
    lossy.pieces[1][14..18].copy_from_slice(&[0xff, 0x3f, 0xff, 0x3f]);
    [container(vec![lossless]), lossy]
}

/// The container with its length.
pub fn container(chunks: Vec<Vec<u8>>) -> Pieces {
    let length = 4 + chunks.iter().map(Vec::len).sum::<usize>();
    let header = [&b"RIFF"[..], &u32::try_from(length).unwrap().to_le_bytes(), b"WEBP"].concat();
    Pieces { kind: Kind::Webp, pieces: [vec![header], chunks].concat() }
}

/// A chunk with its length, filled up to an even one.
pub fn riff_chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    [&name[..], &u32::try_from(data.len()).unwrap().to_le_bytes(), data, &[0][..data.len() % 2]].concat()
}

fn extended(flags: u8, width: u32, height: u32) -> Vec<u8> {
    riff_chunk(b"VP8X", &[&[flags, 0, 0, 0][..], &minus_one(width), &minus_one(height)].concat())
}

fn minus_one(size: u32) -> [u8; 3] {
    let [low, middle, high, _] = (size - 1).to_le_bytes();
    [low, middle, high]
}

fn lossless(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(WebPEncoder::new_lossless(&mut bytes)).unwrap();
    bytes.split_off(12)
}
