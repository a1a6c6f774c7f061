//! GIF: a screen, extensions and pictures in chains of sub-blocks, a trailer.

use image::{
    DynamicImage, Frame,
    codecs::gif::{GifEncoder, Repeat},
};

use super::{CANARY, Kind, Pieces, xmp};

/// An animation of so many frames, as an encoder leaves it.
pub fn gif(picture: &DynamicImage, frames: usize) -> Pieces {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, 30);
    encoder.set_repeat(Repeat::Infinite).unwrap();
    encoder.encode_frames((0..frames).map(|_| Frame::new(picture.to_rgba8()))).unwrap();
    drop(encoder);
    Pieces { kind: Kind::Gif, pieces: split(&bytes) }
}

/// The same with words.
pub fn private_gif(picture: &DynamicImage, frames: usize) -> Pieces {
    let pieces = gif(picture, frames);
    // After the header and the screen, where extensions may stand.
    pieces.with(1, vec![comment(CANARY.as_bytes()), application(b"XMP DataXMP", &xmp()), application(b"CANARYAPP12", CANARY.as_bytes())])
}

/// A screen and one frame that say they are so large.
pub fn gif_claiming(screen: (u16, u16), frame: (u16, u16)) -> Pieces {
    Pieces { kind: Kind::Gif, pieces: vec![header(screen), bare_frame(frame), b";".to_vec()] }
}

/// An animation of tiny frames, made by hand because it takes no time.
pub fn gif_frames(count: usize) -> Pieces {
    let mut pieces = vec![header((1, 1))];
    pieces.extend((0..count).map(|_| bare_frame((1, 1))));
    pieces.push(b";".to_vec());
    Pieces { kind: Kind::Gif, pieces }
}

/// A comment.
pub fn comment(text: &[u8]) -> Vec<u8> {
    [b"\x21\xfe".to_vec(), blocks(text)].concat()
}

/// An extension of an application.
pub fn application(name: &[u8; 11], data: &[u8]) -> Vec<u8> {
    [b"\x21\xff\x0b".to_vec(), name.to_vec(), blocks(data)].concat()
}

/// A chain of sub-blocks.
fn blocks(data: &[u8]) -> Vec<u8> {
    let chain = data.chunks(255).flat_map(|part| [&[u8::try_from(part.len()).unwrap()], part].concat());
    chain.chain([0]).collect()
}

fn header((width, height): (u16, u16)) -> Vec<u8> {
    [&b"GIF89a"[..], &width.to_le_bytes(), &height.to_le_bytes(), &[0x80, 0, 0], &[0, 0, 0, 255, 255, 255]].concat()
}

/// One picture with nothing but its first pixel.
fn bare_frame((width, height): (u16, u16)) -> Vec<u8> {
    [&[0x2c, 0, 0, 0, 0][..], &width.to_le_bytes(), &height.to_le_bytes(), &[0], &[2, 2, 0x44, 1, 0]].concat()
}

/// The header with the screen and its colours, then each block, then the trailer.
fn split(bytes: &[u8]) -> Vec<Vec<u8>> {
    let colours = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut at = 13 + colours(bytes[10]);
    let mut pieces = vec![bytes[..at].to_vec()];
    while bytes[at] != 0x3b {
        let mut end = if bytes[at] == 0x21 { at + 2 } else { at + 10 + colours(bytes[at + 9]) + 1 };
        while bytes[end] != 0 {
            end += 1 + usize::from(bytes[end]);
        }
        pieces.push(bytes[at..=end].to_vec());
        at = end + 1;
    }
    pieces.push(bytes[at..].to_vec());
    pieces
}
