//! PNG: chunks with a name, a length and a checksum.

use crc32fast::Hasher;

use super::{
    super::{model::Dimensions, objects::ObjectWriter},
    Bounds, Input, damaged, exif,
};
use crate::error::Result;

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// Beside the picture itself: transparency, colours, size on paper, animation.
const KEPT: [&[u8; 4]; 16] = [
    b"PLTE", b"IDAT", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV", b"cLLI", b"bKGD", b"pHYs", b"acTL", b"fcTL",
    b"fdAT",
];
/// The longest metadata in which an orientation is looked for, and the longest head of a chunk that is read.
const METADATA: u32 = 1 << 16;

struct Walk {
    dimensions: Dimensions,
    frames: u32,
    data: bool,
    orientation: Option<u8>,
}

pub(super) async fn pass(input: &mut Input<'_>, output: &mut ObjectWriter, bounds: Bounds) -> Result<Dimensions> {
    if input.take().await? != SIGNATURE {
        return Err(damaged("it does not begin as a PNG file does"));
    }
    output.write(&SIGNATURE).await?;
    let (length, name) = next(input).await?;
    if (length, &name) != (13, b"IHDR") {
        return Err(damaged("its dimensions are missing"));
    }
    let header = input.take::<13>().await?;
    if input.take().await? != checksum(b"IHDR", &header) {
        return Err(damaged("the checksum of its header is wrong"));
    }
    let side = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let dimensions = bounds.check(side(0), side(4))?;
    write(b"IHDR", &header, output).await?;
    let mut walk = Walk { dimensions, frames: 0, data: false, orientation: None };
    while walk.chunk(input, output, bounds).await? {}
    if walk.data { Ok(exif::turned(dimensions, walk.orientation.unwrap_or(1))) } else { Err(damaged("there is no picture in it")) }
}

/// Length and name of the next chunk.
async fn next(input: &mut Input<'_>) -> Result<(u32, [u8; 4])> {
    let length = u32::from_be_bytes(input.take().await?);
    let name: [u8; 4] = input.take().await?;
    let fits = length <= i32::MAX.unsigned_abs() && name.iter().all(u8::is_ascii_alphabetic);
    if fits { Ok((length, name)) } else { Err(damaged("a chunk does not begin where it should")) }
}

impl Walk {
    /// Passes one chunk on, or leaves it out. False after the last.
    async fn chunk(&mut self, input: &mut Input<'_>, output: &mut ObjectWriter, bounds: Bounds) -> Result<bool> {
        let (length, name) = next(input).await?;
        match &name {
            b"IEND" => {
                input.skip(u64::from(length) + 4).await?;
                write(b"IEND", &[], output).await?;
                return Ok(false);
            }
            b"acTL" | b"fcTL" => self.animation(name, length, input, output, bounds).await?,
            b"eXIf" => self.metadata(length, input, output).await?,
            name if KEPT.contains(&name) => {
                self.data |= name == b"IDAT";
                self.copy(*name, length, input, output).await?;
            }
            // An upper-case letter says that a decoder cannot do without it.
            [first, ..] if first.is_ascii_uppercase() => return Err(damaged("it has a chunk that no picture has")),
            _ => input.skip(u64::from(length) + 4).await?,
        }
        Ok(true)
    }

    /// Passes a chunk on as it is, if it is whole: decoders show nothing of a picture whose checksums are wrong.
    async fn copy(&self, name: [u8; 4], length: u32, input: &mut Input<'_>, output: &mut ObjectWriter) -> Result<()> {
        output.write(&length.to_be_bytes()).await?;
        output.write(&name).await?;
        let mut checksum = Hasher::new();
        checksum.update(&name);
        input.copy_seen(length.into(), output, |bytes| checksum.update(bytes)).await?;
        let claimed = input.take().await?;
        if claimed != checksum.finalize().to_be_bytes() {
            return Err(damaged("the checksum of a chunk is wrong"));
        }
        output.write(&claimed).await
    }

    /// The number of frames, and the place of each.
    async fn animation(
        &mut self,
        name: [u8; 4],
        length: u32,
        input: &mut Input<'_>,
        output: &mut ObjectWriter,
        bounds: Bounds,
    ) -> Result<()> {
        if length > METADATA {
            return Err(damaged("an animation does not add up"));
        }
        let payload = input.take_vec(length as usize).await?;
        if input.take().await? != checksum(&name, &payload) {
            return Err(damaged("the checksum of a chunk is wrong"));
        }
        let number = |at: usize| payload.get(at..at + 4).map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        let odd = || damaged("an animation does not add up");
        if &name == b"acTL" {
            bounds.check_frames(number(0).ok_or_else(odd)?)?;
        } else {
            self.frames += 1;
            bounds.check_frames(self.frames)?;
            let (width, height) = (number(4).ok_or_else(odd)?, number(8).ok_or_else(odd)?);
            if width > self.dimensions.width || height > self.dimensions.height {
                return Err(odd());
            }
        }
        write(&name, &payload, output).await
    }

    async fn metadata(&mut self, length: u32, input: &mut Input<'_>, output: &mut ObjectWriter) -> Result<()> {
        let head = input.take_vec(length.min(METADATA) as usize).await?;
        input.skip(u64::from(length.saturating_sub(METADATA)) + 4).await?;
        let orientation = exif::orientation(&head);
        if self.orientation.is_some() || orientation == 1 {
            return Ok(());
        }
        self.orientation = Some(orientation);
        write(b"eXIf", &exif::minimal(orientation), output).await
    }
}

async fn write(name: &[u8; 4], payload: &[u8], output: &mut ObjectWriter) -> Result<()> {
    let length = u32::try_from(payload.len()).map_err(|_| damaged("a chunk is too long"))?;
    output.write(&length.to_be_bytes()).await?;
    output.write(name).await?;
    output.write(payload).await?;
    output.write(&checksum(name, payload)).await
}

/// CRC-32 of a small chunk.
fn checksum(name: &[u8], payload: &[u8]) -> [u8; 4] {
    let mut checksum = Hasher::new();
    checksum.update(name);
    checksum.update(payload);
    checksum.finalize().to_be_bytes()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_that_of_png() {
        assert_eq!(super::checksum(b"IEND", &[]), [0xae, 0x42, 0x60, 0x82]);
    }
}
