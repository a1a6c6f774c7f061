//! A file while it comes.

use bytes::{Buf, Bytes, BytesMut};
use futures_util::{StreamExt, stream::BoxStream};

use super::{super::objects::ObjectWriter, damaged};
use crate::error::{Error, Kind, Result};

/// The bytes of a file, in whatever pieces they come.
pub struct Input<'a> {
    pieces: BoxStream<'a, Result<Bytes>>,
    /// What has come and was not taken yet.
    piece: Bytes,
    received: u64,
    most: u64,
}

impl<'a> Input<'a> {
    /// A file of at most `most` bytes.
    pub fn new(pieces: BoxStream<'a, Result<Bytes>>, most: u64) -> Self {
        Self { pieces: pieces.fuse().boxed(), piece: Bytes::new(), received: 0, most }
    }

    /// Waits for a piece unless there is one. False at the end of the file.
    ///
    /// # Errors
    /// `payload_too_large`; those of the stream.
    async fn fill(&mut self) -> Result<bool> {
        while self.piece.is_empty() {
            let Some(piece) = self.pieces.next().await else { return Ok(false) };
            self.piece = piece?;
            self.received += self.piece.len() as u64;
            if self.received > self.most {
                let sentence = format!("The file is larger than {} bytes.", self.most);
                return Err(Error::new(Kind::TooLarge, "payload_too_large", sentence));
            }
        }
        Ok(true)
    }

    /// The first `count` bytes, or as many as there are, without taking them.
    pub async fn peek(&mut self, count: usize) -> Result<Bytes> {
        let mut head = BytesMut::new();
        while head.len() < count && self.fill().await? {
            head.extend_from_slice(&self.piece.split_off(0));
        }
        self.piece = head.freeze();
        Ok(self.piece.slice(..self.piece.len().min(count)))
    }

    /// What has come, up to `most` bytes; nothing at the end of the file.
    pub(super) async fn piece(&mut self, most: u64) -> Result<Bytes> {
        self.fill().await?;
        let length = usize::try_from(most).unwrap_or(usize::MAX).min(self.piece.len());
        Ok(self.piece.split_to(length))
    }

    /// As much of what has come as `measure` says, which may be nothing.
    pub(super) async fn stretch(&mut self, measure: impl FnOnce(&[u8]) -> usize) -> Result<Bytes> {
        if !self.fill().await? {
            return Err(truncated());
        }
        let length = measure(&self.piece);
        Ok(self.piece.split_to(length))
    }

    /// The next byte.
    pub(super) async fn byte(&mut self) -> Result<u8> {
        if !self.fill().await? {
            return Err(truncated());
        }
        Ok(self.piece.get_u8())
    }

    /// The next `N` bytes.
    pub(super) async fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = self.byte().await?;
        }
        Ok(bytes)
    }

    /// The next `count` bytes, which are few.
    pub(super) async fn take_vec(&mut self, count: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(count);
        while bytes.len() < count {
            let piece = self.piece((count - bytes.len()) as u64).await?;
            if piece.is_empty() {
                return Err(truncated());
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    /// Passes the next `count` bytes on.
    pub(super) async fn copy(&mut self, count: u64, output: &mut ObjectWriter) -> Result<()> {
        self.copy_seen(count, output, |_| ()).await
    }

    /// Passes the next `count` bytes on, and shows them to `see` as they pass.
    pub(super) async fn copy_seen(&mut self, mut count: u64, output: &mut ObjectWriter, mut see: impl FnMut(&[u8])) -> Result<()> {
        while count > 0 {
            let piece = self.piece(count).await?;
            if piece.is_empty() {
                return Err(truncated());
            }
            count -= piece.len() as u64;
            see(&piece);
            output.write(&piece).await?;
        }
        Ok(())
    }

    /// Leaves the next `count` bytes out.
    pub(super) async fn skip(&mut self, mut count: u64) -> Result<()> {
        while count > 0 {
            let piece = self.piece(count).await?;
            if piece.is_empty() {
                return Err(truncated());
            }
            count -= piece.len() as u64;
        }
        Ok(())
    }

    /// Leaves the rest out.
    pub(super) async fn drain(&mut self) -> Result<()> {
        while !self.piece(u64::MAX).await?.is_empty() {}
        Ok(())
    }
}

fn truncated() -> Error {
    damaged("it ends before it is complete")
}
