//! GIF: blocks of up to 255 bytes, in extensions and frames.

use super::{
    super::{model::Dimensions, objects::ObjectWriter},
    Bounds, Input, damaged,
};
use crate::error::Result;

/// Extensions of applications that are kept: how often an animation runs.
const LOOPS: [&[u8]; 2] = [b"NETSCAPE2.0", b"ANIMEXTS1.0"];

/// Bytes that say how a frame is shown; there is one block of them.
const CONTROL: u8 = 4;

pub(super) async fn pass(input: &mut Input<'_>, output: &mut ObjectWriter, bounds: Bounds) -> Result<Dimensions> {
    let head = input.take::<13>().await?;
    if !head.starts_with(b"GIF87a") && !head.starts_with(b"GIF89a") {
        return Err(damaged("it does not begin as a GIF file does"));
    }
    let dimensions = bounds.check(u16::from_le_bytes([head[6], head[7]]).into(), u16::from_le_bytes([head[8], head[9]]).into())?;
    output.write(&head).await?;
    input.copy(colours(head[10]), output).await?;
    let mut frames = 0;
    loop {
        match input.byte().await? {
            0x21 => extension(input, output).await?,
            0x2c => {
                frames += 1;
                bounds.check_frames(frames)?;
                frame(dimensions, input, output, bounds).await?;
            }
            0x3b if frames > 0 => break,
            0x3b => return Err(damaged("there is no picture in it")),
            _ => return Err(damaged("a block does not begin where it should")),
        }
    }
    output.write(&[0x3b]).await?;
    Ok(dimensions)
}

/// Bytes of the table of colours that `flags` announce.
fn colours(flags: u8) -> u64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

async fn frame(whole: Dimensions, input: &mut Input<'_>, output: &mut ObjectWriter, bounds: Bounds) -> Result<()> {
    let head = input.take::<9>().await?;
    let [left, top, width, height] = [0, 2, 4, 6].map(|at| u32::from(u16::from_le_bytes([head[at], head[at + 1]])));
    bounds.check(width, height)?;
    if left + width > whole.width || top + height > whole.height {
        return Err(damaged("a picture in it is larger than the whole"));
    }
    output.write(&[0x2c]).await?;
    output.write(&head).await?;
    // The colours of this frame, and how its data is packed.
    input.copy(colours(head[8]) + 1, output).await?;
    copy_blocks(input, output).await
}

async fn extension(input: &mut Input<'_>, output: &mut ObjectWriter) -> Result<()> {
    match input.byte().await? {
        // How long a frame is shown, and what of it is transparent.
        0xf9 => {
            let length = input.byte().await?;
            let block = input.take_vec(length.into()).await?;
            if length == 0 {
                return Ok(());
            }
            skip_blocks(input).await?;
            if length == CONTROL { output.write(&[&[0x21, 0xf9, length], block.as_slice(), &[0]].concat()).await } else { Ok(()) }
        }
        0xff => {
            let length = input.byte().await?;
            let name = input.take_vec(length.into()).await?;
            if !LOOPS.contains(&name.as_slice()) {
                return skip_blocks(input).await;
            }
            output.write(&[0x21, 0xff, length]).await?;
            output.write(&name).await?;
            copy_loops(input, output).await
        }
        // Comments and texts.
        _ => skip_blocks(input).await,
    }
}

/// The number of runs, and nothing else that an application may have added to it.
async fn copy_loops(input: &mut Input<'_>, output: &mut ObjectWriter) -> Result<()> {
    loop {
        let length = input.byte().await?;
        let block = input.take_vec(length.into()).await?;
        if length == 0 {
            return output.write(&[0]).await;
        }
        if length == 3 && block[0] == 1 {
            output.write(&[length]).await?;
            output.write(&block).await?;
        }
    }
}

async fn copy_blocks(input: &mut Input<'_>, output: &mut ObjectWriter) -> Result<()> {
    loop {
        let length = input.byte().await?;
        output.write(&[length]).await?;
        if length == 0 {
            return Ok(());
        }
        input.copy(length.into(), output).await?;
    }
}

async fn skip_blocks(input: &mut Input<'_>) -> Result<()> {
    loop {
        match input.byte().await? {
            0 => return Ok(()),
            length => input.skip(length.into()).await?,
        }
    }
}
