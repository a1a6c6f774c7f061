//! JPEG: segments, and scans between them.

use memchr::memchr;

use super::{
    super::{model::Dimensions, objects::ObjectWriter},
    Bounds, Input, damaged, exif,
};
use crate::error::Result;

/// The start of the picture.
const SOI: u8 = 0xd8;
/// Its end.
const EOI: u8 = 0xd9;
/// The start of a scan.
const SOS: u8 = 0xda;
/// Length of a JFIF segment that carries no small version of the picture.
const JFIF: usize = 14;

#[derive(Default)]
struct Walk {
    frame: Option<Dimensions>,
    orientation: Option<u8>,
    scanned: bool,
}

pub(super) async fn pass(input: &mut Input<'_>, output: &mut ObjectWriter, bounds: Bounds) -> Result<Dimensions> {
    if input.take::<2>().await? != [0xff, SOI] {
        return Err(damaged("it does not begin as a JPEG file does"));
    }
    output.write(&[0xff, SOI]).await?;
    let mut walk = Walk::default();
    let mut marker = next_marker(input).await?;
    while marker != EOI {
        marker = if marker == SOS {
            walk.scan(input, output).await?
        } else {
            walk.segment(marker, input, output, bounds).await?;
            next_marker(input).await?
        };
    }
    output.write(&[0xff, EOI]).await?;
    match walk.frame {
        Some(frame) if walk.scanned => Ok(exif::turned(frame, walk.orientation.unwrap_or(1))),
        _ => Err(damaged("there is no picture in it")),
    }
}

/// The marker of the next segment. It may be preceded by any number of fill bytes.
async fn next_marker(input: &mut Input<'_>) -> Result<u8> {
    if input.byte().await? != 0xff {
        return Err(damaged("a segment does not end where it should"));
    }
    loop {
        let marker = input.byte().await?;
        if marker != 0xff {
            return Ok(marker);
        }
    }
}

impl Walk {
    async fn segment(&mut self, marker: u8, input: &mut Input<'_>, output: &mut ObjectWriter, bounds: Bounds) -> Result<()> {
        let length = u16::from_be_bytes(input.take().await?).checked_sub(2).ok_or_else(|| damaged("a segment has no length"))?;
        let mut payload = input.take_vec(length.into()).await?;
        match marker {
            // Tables, restart intervals, and frames of every kind.
            0xc4 | 0xcc | 0xdb | 0xdd => {}
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => self.see_frame(&payload, bounds)?,
            // JFIF, without its small version.
            0xe0 if payload.starts_with(b"JFIF\0") && payload.len() >= JFIF => {
                payload.truncate(JFIF);
                payload[12..].fill(0);
            }
            // Colours.
            0xe2 if payload.starts_with(b"ICC_PROFILE\0") => {}
            0xee if payload.starts_with(b"Adobe") => {}
            0xe1 if payload.starts_with(exif::PREFIX) && self.orientation.is_none() => {
                let orientation = exif::orientation(&payload);
                self.orientation = Some(orientation);
                if orientation == 1 {
                    return Ok(());
                }
                payload = [exif::PREFIX, &exif::minimal(orientation)].concat();
            }
            // Everything else that applications and people write into a picture.
            0xe0..=0xfe => return Ok(()),
            _ => return Err(damaged("it has a segment that no picture has")),
        }
        write(marker, &payload, output).await
    }

    fn see_frame(&mut self, payload: &[u8], bounds: Bounds) -> Result<()> {
        let [_, h1, h0, w1, w0, ..] = *payload else { return Err(damaged("its dimensions are missing")) };
        if self.frame.is_some() {
            return Err(damaged("it has several pictures in one"));
        }
        self.frame = Some(bounds.check(u16::from_be_bytes([w1, w0]).into(), u16::from_be_bytes([h1, h0]).into())?);
        Ok(())
    }

    /// Passes the head of a scan and its data on; gives the marker that follows.
    async fn scan(&mut self, input: &mut Input<'_>, output: &mut ObjectWriter) -> Result<u8> {
        if self.frame.is_none() {
            return Err(damaged("its dimensions are missing"));
        }
        let length = u16::from_be_bytes(input.take().await?).checked_sub(2).ok_or_else(|| damaged("a segment has no length"))?;
        write(SOS, &input.take_vec(length.into()).await?, output).await?;
        self.scanned = true;
        loop {
            let data = input.stretch(scan_data).await?;
            if !data.is_empty() {
                output.write(&data).await?;
                continue;
            }
            match next_marker(input).await? {
                // The one or the other lies across the end of a piece, or is preceded by fill bytes.
                code if belongs_to_data(code) => output.write(&[0xff, code]).await?,
                marker => return Ok(marker),
            }
        }
    }
}

/// How many of these bytes surely belong to the data of a scan, up to a byte that may begin a marker.
fn scan_data(bytes: &[u8]) -> usize {
    let mut end = 0;
    while let Some(next) = memchr(0xff, &bytes[end..]) {
        end += next;
        if !bytes.get(end + 1).copied().is_some_and(belongs_to_data) {
            return end;
        }
        end += 2;
    }
    bytes.len()
}

/// Whether what looks like a marker with this code is a byte of data, or a restart.
fn belongs_to_data(code: u8) -> bool {
    matches!(code, 0x00 | 0xd0..=0xd7)
}

async fn write(marker: u8, payload: &[u8], output: &mut ObjectWriter) -> Result<()> {
    let length = u16::try_from(payload.len() + 2).map_err(|_| damaged("a segment is too long"))?.to_be_bytes();
    output.write(&[0xff, marker, length[0], length[1]]).await?;
    output.write(payload).await
}
