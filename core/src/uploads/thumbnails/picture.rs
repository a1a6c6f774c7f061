//! Decoding a picture and making it smaller.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
};

use super::super::model::{Dimensions, Kind};

/// The longest side of a small version.
const LONGEST: u32 = 512;
/// How well a JPEG is to look, of 100.
const QUALITY: u8 = 82;
/// Bytes of memory per pixel that a decoder may take: the widest colours there are (16 bits in each of four channels), and a little.
const PER_PIXEL: u64 = 9;

/// The small version of the picture in `bytes`, upright: a PNG where something shines through, otherwise a JPEG. Of an animation it
/// is the first frame.
pub(super) fn reduce(bytes: &[u8], kind: Kind, most_pixels: u64) -> Result<(Kind, Vec<u8>), String> {
    let text = |error: image::ImageError| error.to_string();
    let format = match kind {
        Kind::Jpeg => ImageFormat::Jpeg,
        Kind::Png => ImageFormat::Png,
        Kind::Gif => ImageFormat::Gif,
        Kind::Webp => ImageFormat::WebP,
        Kind::Pdf => return Err("a PDF is no picture".to_owned()),
    };
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(most_pixels * PER_PIXEL);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(text)?;
    let (width, height) = decoder.dimensions();
    if (Dimensions { width, height }).pixels() > most_pixels {
        return Err("it has too many pixels".to_owned());
    }
    let orientation = decoder.orientation().map_err(text)?;
    let whole = DynamicImage::from_decoder(decoder).map_err(text)?;
    let mut small = if width.max(height) > LONGEST { whole.thumbnail(LONGEST, LONGEST) } else { whole };
    small.apply_orientation(orientation);
    encode(&small).map_err(text)
}

fn encode(picture: &DynamicImage) -> image::ImageResult<(Kind, Vec<u8>)> {
    let mut bytes = Vec::new();
    let shines_through = picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < u8::MAX);
    if shines_through {
        picture.to_rgba8().write_with_encoder(PngEncoder::new(&mut bytes))?;
        return Ok((Kind::Png, bytes));
    }
    picture.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY))?;
    Ok((Kind::Jpeg, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_colours_fit_into_the_memory_for_a_picture() {
        let mut png = Cursor::new(Vec::new());
        DynamicImage::new_rgba16(1024, 512).write_to(&mut png, ImageFormat::Png).unwrap();
        let (kind, small) = reduce(png.get_ref(), Kind::Png, 1024 * 512).unwrap();
        let small = image::load_from_memory(&small).unwrap();
        assert_eq!((kind, small.width(), small.height()), (Kind::Png, 512, 256));
    }

    #[test]
    fn e06_a_picture_with_one_pixel_too_many_is_not_decoded() {
        let mut png = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(1024, 512).write_to(&mut png, ImageFormat::Png).unwrap();
        assert!(reduce(png.get_ref(), Kind::Png, 1024 * 512).is_ok());
        assert_eq!(reduce(png.get_ref(), Kind::Png, 1024 * 512 - 1), Err("it has too many pixels".to_owned()));
    }
}
