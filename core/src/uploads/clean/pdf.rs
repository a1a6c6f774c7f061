//! PDF: passed on byte for byte, since a signature covers every one of them. What follows the mark of its end can only be white
//! space; anything else may be a file of another kind, and is refused. It is never shown by a browser on this site, only saved.

use super::{super::objects::ObjectWriter, Input, damaged};
use crate::error::Result;

/// The mark.
const END: &[u8] = b"%%EOF";
/// What may follow it: white space as PDF knows it.
const SPACE: &[u8] = b"\0\t\n\x0c\r ";
/// How far from the end of the file the mark may be; readers look no further.
const TAIL: usize = 1024;

pub(super) async fn pass(input: &mut Input<'_>, output: &mut ObjectWriter) -> Result<()> {
    let mut tail = Vec::new();
    loop {
        let piece = input.piece(1 << 16).await?;
        if piece.is_empty() {
            break;
        }
        tail.extend_from_slice(&piece);
        let sure = tail.len().saturating_sub(TAIL);
        output.write(&tail[..sure]).await?;
        tail.drain(..sure);
    }
    let mark = tail.windows(END.len()).rposition(|window| window == END).ok_or_else(|| damaged("it ends before it is complete"))?;
    if !tail[mark + END.len()..].iter().all(|byte| SPACE.contains(byte)) {
        return Err(damaged("something follows its end"));
    }
    output.write(&tail).await
}
