//! WebP: chunks inside a RIFF container, whose length stands at its beginning. So nothing can be left out of it while it passes;
//! what nobody needs to know is written over with zeros instead.

use std::mem;

use super::{
    super::{model::Dimensions, objects::ObjectWriter},
    Bounds, Input, damaged, exif,
};
use crate::error::Result;

/// The name of a chunk that was written over; readers pass over names they do not know.
const BLANK: [u8; 4] = *b"JUNK";
/// The flag that announces XMP metadata.
const HAS_XMP: u8 = 0x04;
/// Bytes of a frame's head, before the chunks of its picture.
const FRAME: u64 = 16;
/// The longest metadata in which an orientation is looked for.
const METADATA: u64 = 1 << 16;

struct Walk {
    /// Bytes of the container, or of the frame in it, that are still to come.
    left: u64,
    canvas: Option<Dimensions>,
    frames: u32,
    picture: bool,
    orientation: u8,
}

pub(super) async fn pass(input: &mut Input<'_>, output: &mut ObjectWriter, bounds: Bounds) -> Result<Dimensions> {
    let head = input.take::<12>().await?;
    if !head.starts_with(b"RIFF") || !head.ends_with(b"WEBP") {
        return Err(damaged("it does not begin as a WebP file does"));
    }
    let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    let left = u64::from(length).checked_sub(4).ok_or_else(|| damaged("its length is wrong"))?;
    output.write(&head).await?;
    let mut walk = Walk { left, canvas: None, frames: 0, picture: false, orientation: 1 };
    while walk.left > 0 {
        walk.chunk(input, output, bounds).await?;
    }
    match walk.canvas {
        Some(canvas) if walk.picture => Ok(exif::turned(canvas, walk.orientation)),
        _ => Err(damaged("there is no picture in it")),
    }
}

impl Walk {
    /// Counts bytes of the container.
    fn spend(&mut self, bytes: u64) -> Result<()> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| damaged("a chunk is longer than the file"))?;
        Ok(())
    }

    /// Name and length of the next chunk, all of which is spent.
    async fn next(&mut self, input: &mut Input<'_>) -> Result<([u8; 4], u32)> {
        self.spend(8)?;
        let name = input.take::<4>().await?;
        let length = u32::from_le_bytes(input.take().await?);
        self.spend(padded(length))?;
        Ok((name, length))
    }

    async fn chunk(&mut self, input: &mut Input<'_>, output: &mut ObjectWriter, bounds: Bounds) -> Result<()> {
        let (name, length) = self.next(input).await?;
        match &name {
            b"VP8X" => self.extended(length, input, output, bounds).await,
            b"VP8 " | b"VP8L" => self.bitstream(name, length, input, output, bounds).await,
            b"ANMF" => self.frame(length, input, output, bounds).await,
            b"ALPH" | b"ANIM" | b"ICCP" => copy(name, length, input, output).await,
            b"EXIF" => self.metadata(length, input, output).await,
            _ => blank(length, input, output).await,
        }
    }

    /// The canvas, and what else there is in the file.
    async fn extended(&mut self, length: u32, input: &mut Input<'_>, output: &mut ObjectWriter, bounds: Bounds) -> Result<()> {
        if length != 10 || self.canvas.is_some() {
            return Err(damaged("its dimensions are missing"));
        }
        let mut payload = input.take::<10>().await?;
        payload[0] &= !HAS_XMP;
        self.canvas = Some(bounds.check(three(&payload[4..7]) + 1, three(&payload[7..10]) + 1)?);
        start(*b"VP8X", length, output).await?;
        output.write(&payload).await
    }

    /// A picture, or the picture of a frame.
    async fn bitstream(
        &mut self,
        name: [u8; 4],
        length: u32,
        input: &mut Input<'_>,
        output: &mut ObjectWriter,
        bounds: Bounds,
    ) -> Result<()> {
        let head = input.peek(10.min(length as usize)).await?;
        let found = if &name == b"VP8 " { lossy(&head) } else { lossless(&head) };
        let (width, height) = found.ok_or_else(|| damaged("its dimensions are missing"))?;
        let picture = bounds.check(width, height)?;
        let canvas = *self.canvas.get_or_insert(picture);
        if width > canvas.width || height > canvas.height {
            return Err(damaged("a picture in it is larger than the whole"));
        }
        self.picture = true;
        copy(name, length, input, output).await
    }

    /// A frame of an animation: its head, and then chunks of its own, which end where it ends.
    async fn frame(&mut self, length: u32, input: &mut Input<'_>, output: &mut ObjectWriter, bounds: Bounds) -> Result<()> {
        self.frames += 1;
        bounds.check_frames(self.frames)?;
        let canvas = self.canvas.ok_or_else(|| damaged("its dimensions are missing"))?;
        let inner = padded(length).checked_sub(FRAME).ok_or_else(|| damaged("a frame is too short"))?;
        start(*b"ANMF", length, output).await?;
        let head = input.take::<16>().await?;
        let frame = bounds.check(three(&head[6..9]) + 1, three(&head[9..12]) + 1)?;
        if frame.width > canvas.width || frame.height > canvas.height {
            return Err(damaged("a picture in it is larger than the whole"));
        }
        output.write(&head).await?;
        let behind = mem::replace(&mut self.left, inner);
        while self.left > 0 {
            let (name, length) = self.next(input).await?;
            match &name {
                b"VP8 " | b"VP8L" => self.bitstream(name, length, input, output, bounds).await?,
                b"ALPH" => copy(name, length, input, output).await?,
                _ => blank(length, input, output).await?,
            }
        }
        self.left = behind;
        Ok(())
    }

    async fn metadata(&mut self, length: u32, input: &mut Input<'_>, output: &mut ObjectWriter) -> Result<()> {
        let padded = padded(length);
        let head = padded.min(METADATA);
        self.orientation = exif::orientation(&input.take_vec(usize::try_from(head).unwrap_or_default()).await?);
        input.skip(padded - head).await?;
        start(*b"EXIF", length, output).await?;
        let minimal = exif::minimal(self.orientation);
        let kept: &[u8] = if padded >= minimal.len() as u64 { &minimal } else { &[] };
        output.write(kept).await?;
        output.fill(padded - kept.len() as u64).await
    }
}

async fn start(name: [u8; 4], length: u32, output: &mut ObjectWriter) -> Result<()> {
    output.write(&name).await?;
    output.write(&length.to_le_bytes()).await
}

/// Passes the content of a chunk on as it is.
async fn copy(name: [u8; 4], length: u32, input: &mut Input<'_>, output: &mut ObjectWriter) -> Result<()> {
    start(name, length, output).await?;
    input.copy(padded(length), output).await
}

/// Writes a chunk over.
async fn blank(length: u32, input: &mut Input<'_>, output: &mut ObjectWriter) -> Result<()> {
    start(BLANK, length, output).await?;
    input.skip(padded(length)).await?;
    output.fill(padded(length)).await
}

/// Bytes that the content of a chunk takes up: an even number.
fn padded(length: u32) -> u64 {
    u64::from(length) + u64::from(length & 1)
}

/// A number of three bytes.
fn three(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0])
}

/// Width and height of a VP8 picture.
fn lossy(head: &[u8]) -> Option<(u32, u32)> {
    let [_, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1] = *head else { return None };
    Some((u32::from(u16::from_le_bytes([w0, w1]) & 0x3fff), u32::from(u16::from_le_bytes([h0, h1]) & 0x3fff)))
}

/// Width and height of a VP8L picture.
fn lossless(head: &[u8]) -> Option<(u32, u32)> {
    let [0x2f, bits @ ..] = head else { return None };
    let bits = u32::from_le_bytes(bits.get(..4)?.try_into().ok()?);
    Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
}
