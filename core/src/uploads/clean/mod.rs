//! Passes a file on, piece by piece, without what nobody needs to know: where and by whom a picture was taken, what else was
//! packed into it, and whatever follows its end. Never holds more than a piece of it, and decodes nothing. A PDF passes as it is
//! or not at all: it may be signed.
//!
//! Each format has a walk of its own over the parts that a file is made of. What a decoder needs is passed on as it is; of the
//! rest nothing is. The orientation of a picture is kept, as metadata that says nothing else ([`exif`]). A file whose parts do not
//! add up, that is not complete, or that would take too much memory to be shown is refused.

mod exif;
mod gif;
mod input;
mod jpeg;
mod pdf;
mod png;
mod webp;

pub use self::input::Input;
use super::{
    model::{Dimensions, Kind},
    objects::ObjectWriter,
};
use crate::error::{Error, Result};

/// How large pictures may be.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Pixels of one frame.
    pub pixels: u64,
    /// Frames.
    pub frames: u32,
}

/// Passes a file of `kind` on to `output` and gives the dimensions of a picture. Reads the input to its end, however much
/// of it is passed on.
///
/// # Errors
/// `invalid_request` with what is wrong with the file; those of the input and the output.
pub async fn pass(kind: Kind, input: &mut Input<'_>, output: &mut ObjectWriter, bounds: Bounds) -> Result<Option<Dimensions>> {
    let walked = match kind {
        Kind::Jpeg => jpeg::pass(input, output, bounds).await.map(Some),
        Kind::Png => png::pass(input, output, bounds).await.map(Some),
        Kind::Gif => gif::pass(input, output, bounds).await.map(Some),
        Kind::Webp => webp::pass(input, output, bounds).await.map(Some),
        Kind::Pdf => pdf::pass(input, output).await.map(|()| None),
    };
    if walked.is_ok() {
        input.drain().await?;
    }
    walked
}

impl Bounds {
    /// Checks the size of a frame.
    fn check(self, width: u32, height: u32) -> Result<Dimensions> {
        let dimensions = Dimensions { width, height };
        if dimensions.pixels() == 0 {
            return Err(damaged("it has no pixels"));
        }
        if dimensions.pixels() > self.pixels {
            let most = self.pixels / 1_000_000;
            return Err(Error::invalid(format!("The picture has {width} × {height} pixels; at most {most} million are taken.")));
        }
        Ok(dimensions)
    }

    /// Checks the number of frames so far.
    fn check_frames(self, count: u32) -> Result<()> {
        if count > self.frames {
            return Err(Error::invalid(format!("The animation has more than {} frames.", self.frames)));
        }
        Ok(())
    }
}

/// The error of a file whose parts do not add up.
fn damaged(how: &str) -> Error {
    Error::invalid(format!("The file is damaged: {how}."))
}
