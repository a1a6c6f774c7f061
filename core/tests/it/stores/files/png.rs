//! PNG: a signature and chunks.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat};

use super::{CANARY, Kind, Pieces, exif, xmp};

/// A picture as an encoder leaves it.
pub fn png(picture: &DynamicImage) -> Pieces {
    let mut bytes = Vec::new();
    picture.write_to(Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
    let mut rest = &bytes[8..];
    let mut pieces = vec![bytes[..8].to_vec()];
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(12 + usize::try_from(u32::from_be_bytes(rest[..4].try_into().unwrap())).unwrap());
        pieces.push(chunk.to_vec());
        rest = after;
    }
    Pieces { kind: Kind::Png, pieces }
}

/// A picture as a telephone leaves it, with words in every chunk that can hold some.
pub fn private_png(picture: &DynamicImage, orientation: u16) -> Pieces {
    let compressed = [b"Comment\0\0".to_vec(), super::bomb(16)].concat();
    let international = [b"XML:com.adobe.xmp\0\0\0\0\0".to_vec(), xmp()].concat();
    png(picture).with(
        2,
        vec![
            chunk(b"eXIf", &exif(orientation)),
            chunk(b"tEXt", format!("Author\0{CANARY}").as_bytes()),
            chunk(b"zTXt", &compressed),
            chunk(b"iTXt", &international),
            chunk(b"tIME", &[7, 234, 6, 1, 12, 0, 0]),
            chunk(b"prVt", CANARY.as_bytes()),
        ],
    )
}

/// A header that promises a picture of this size, and a little data.
pub fn png_claiming(width: u32, height: u32) -> Pieces {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let pieces = vec![b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header), chunk(b"IDAT", &super::bomb(64)), chunk(b"IEND", b"")];
    Pieces { kind: Kind::Png, pieces }
}

/// An animation that says it has `claimed` frames, and has `frames`, each of which says that it is so large.
pub fn apng(claimed: u32, frames: u32, width: u32, height: u32) -> Pieces {
    let mut animation = png(&super::picture(2, 2));
    let pixels = animation.pieces[2][8..animation.pieces[2].len() - 4].to_vec();
    let control =
        |number: u32| chunk(b"fcTL", &[&[number, width, height, 0, 0].map(u32::to_be_bytes).concat()[..], &[0, 1, 0, 10, 0, 0]].concat());
    let end = animation.pieces.pop().unwrap();
    // The first frame is what others see who know no animations.
    animation.pieces.splice(2..2, [chunk(b"acTL", &[claimed.to_be_bytes(), [0; 4]].concat()), control(0)]);
    for number in 1..frames {
        animation.pieces.push(control(number * 2 - 1));
        animation.pieces.push(chunk(b"fdAT", &[&(number * 2).to_be_bytes()[..], &pixels].concat()));
    }
    animation.pieces.push(end);
    animation
}

/// One chunk with its checksum.
pub fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [name, data].concat();
    [&u32::try_from(data.len()).unwrap().to_be_bytes()[..], &body, &crc(&body).to_be_bytes()].concat()
}

/// The checksum of PNG.
pub fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)));
    !bytes.iter().fold(!0, step)
}
