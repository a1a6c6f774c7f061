//! JPEG: markers, segments with a length, and the scan between the last of them and the end.

use image::{DynamicImage, codecs::jpeg::JpegEncoder};

use super::{CANARY, Kind, Pieces, exif, xmp};

/// A picture as an encoder leaves it: the last two pieces are the scan and its end.
pub fn jpeg(picture: &DynamicImage) -> Pieces {
    let mut bytes = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 92)).unwrap();
    let (mut pieces, mut at) = (vec![bytes[..2].to_vec()], 2);
    loop {
        let end = at + 2 + usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]));
        pieces.push(bytes[at..end].to_vec());
        let scan = bytes[at + 1] == 0xda;
        at = end;
        if scan {
            break;
        }
    }
    pieces.push(bytes[at..bytes.len() - 2].to_vec());
    pieces.push(bytes[bytes.len() - 2..].to_vec());
    Pieces { kind: Kind::Jpeg, pieces }
}

/// A picture as a telephone leaves it.
pub fn private_jpeg(picture: &DynamicImage, orientation: u16) -> Pieces {
    let named = |name: &str, data: &[u8]| [name.as_bytes(), b"\0", data].concat();
    jpeg(picture).with(
        2,
        vec![
            segment(0xe1, &[b"Exif\0\0".to_vec(), exif(orientation)].concat()),
            segment(0xe1, &named("http://ns.adobe.com/xap/1.0/", &xmp())),
            segment(0xe1, &named("http://ns.adobe.com/xmp/extension/", &xmp())),
            segment(0xed, &named("Photoshop 3.0", format!("8BIM\x04\x04\0\0\0\0\0\x0b\x1c\x02\x74\0\x06{CANARY}\0").as_bytes())),
            segment(0xe2, &named("MPF", CANARY.as_bytes())),
            segment(0xe5, CANARY.as_bytes()),
            segment(0xfe, format!("<script>{CANARY}</script>").as_bytes()),
        ],
    )
}

/// A picture whose header says that it is this large.
pub fn jpeg_claiming(width: u16, height: u16) -> Pieces {
    let mut pieces = jpeg(&super::picture(8, 8));
    let frame = pieces.pieces.iter_mut().find(|piece| piece[1] == 0xc0).unwrap();
    frame[5..7].copy_from_slice(&height.to_be_bytes());
    frame[7..9].copy_from_slice(&width.to_be_bytes());
    pieces
}

/// A segment with its length.
pub fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    [&[0xff, marker][..], &u16::try_from(data.len() + 2).unwrap().to_be_bytes(), data].concat()
}
