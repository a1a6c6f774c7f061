//! Writing one object, piece by piece.

use std::{
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use bytes::BytesMut;
use opendal::{Operator, Writer};

use super::{
    super::{key::ObjectKey, model::Kind, policy},
    Cause,
    halves::Half,
    within,
};
use crate::error::Result;

/// What is gathered before it is handed to the store.
const PIECE: usize = 128 << 10;
/// What a bucket takes at once: the smallest part that S3 permits.
const PART: usize = 5 << 20;
/// For every so many bytes of a file the store may take as long as for one call.
const SHARE: u64 = 10 << 20;
/// Everybody may keep it for ever: there will never be another object of this name.
pub const CACHE: &str = "public, max-age=31536000, immutable";

/// An object that is being written. It appears when it is closed, whole or not at all.
pub struct ObjectWriter {
    writer: Writer,
    gathered: BytesMut,
    written: u64,
    pace: Pace,
    /// Where the store is a folder.
    file: Option<Target>,
}

/// The file that an object becomes.
struct Target {
    /// The folder of the store.
    folder: PathBuf,
    /// Where the file will be.
    path: PathBuf,
    /// What it is until then.
    half: Half,
}

impl ObjectWriter {
    pub(super) async fn begin(
        operator: &Operator,
        key: &ObjectKey,
        kind: Kind,
        folder: Option<PathBuf>,
        patience: Duration,
    ) -> Result<Self> {
        let mut pace = Pace { patience, spent: Duration::ZERO };
        let writer = operator.writer_with(key.as_str());
        let writer = if folder.is_some() {
            // There is no such file yet, so this is the same as writing, but for the library's way to do it: not one that takes a handle of
            // its own for each piece.
            pace.bounded(0, writer.append(true).into_future()).await?
        } else {
            let described = writer.content_type(kind.media_type()).content_disposition(&kind.disposition(key.name()));
            pace.bounded(0, described.cache_control(CACHE).chunk(PART).into_future()).await?
        };
        let file = folder.map(|folder| Target { path: folder.join(key.as_str()), half: Half::new(&folder, key.name()), folder });
        Ok(Self { writer, gathered: BytesMut::new(), written: 0, pace, file })
    }

    /// Bytes so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Adds bytes.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        self.written += bytes.len() as u64;
        while !bytes.is_empty() {
            if self.gathered.capacity() == 0 {
                self.gathered.reserve(PIECE);
            }
            let (now, later) = bytes.split_at(bytes.len().min(PIECE - self.gathered.len()));
            self.gathered.extend_from_slice(now);
            bytes = later;
            if self.gathered.len() == PIECE {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// Adds zeros.
    pub async fn fill(&mut self, mut count: u64) -> Result<()> {
        let zeros = [0; 1024];
        while count > 0 {
            let some = count.min(zeros.len() as u64);
            self.write(&zeros[..usize::try_from(some).unwrap_or_default()]).await?;
            count -= some;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<()> {
        let piece = self.gathered.split().freeze();
        self.pace.bounded(self.written, self.writer.write(piece)).await?;
        if let Some(Target { half, .. }) = &mut self.file {
            half.reached(self.written);
        }
        Ok(())
    }

    /// Makes the object appear. Once this returns it is there, whatever happens to the machine. Gives its bytes.
    pub async fn close(&mut self) -> Result<u64> {
        if !self.gathered.is_empty() {
            self.flush().await?;
        }
        let stored = self.pace.bounded(self.written, self.writer.close()).await?.content_length();
        // Buckets do not say how long it is.
        if self.file.is_some() && stored != self.written {
            return Err(policy::unavailable().caused_by(format!("of {} bytes {stored} were written", self.written)));
        }
        if let Some(Target { folder, path, .. }) = self.file.take() {
            let synced = tokio::task::spawn_blocking(move || sync_folders(&folder, &path));
            self.pace.bounded(self.written, async { synced.await.map_err(io::Error::other).flatten() }).await?;
        }
        Ok(self.written)
    }

    /// Gives up. What was written is removed by the store, sooner or later.
    pub async fn abort(mut self) {
        if let Err(error) = within(self.pace.patience, self.writer.abort()).await {
            tracing::debug!(cause = ?error.source, "an object that was not finished could not be taken back");
        }
    }
}

/// How long the store may still take for a file. Whoever sends one waits for all of it, not for one call.
struct Pace {
    patience: Duration,
    spent: Duration,
}

impl Pace {
    /// Waits for a call about a file that has `size` bytes so far.
    async fn bounded<T, E: Into<Cause>>(&mut self, size: u64, call: impl Future<Output = Result<T, E>>) -> Result<T> {
        let shares = u32::try_from(size.div_ceil(SHARE).max(1)).unwrap_or(u32::MAX);
        let left = self.patience.saturating_mul(shares).saturating_sub(self.spent);
        let began = Instant::now();
        let outcome = within(left.min(self.patience), call).await;
        self.spent += began.elapsed();
        outcome
    }
}

/// Makes sure that the name of a new file is on disk, and those of the folders it is in.
fn sync_folders(folder: &Path, file: &Path) -> io::Result<()> {
    for inner in file.ancestors().skip(1) {
        std::fs::File::open(inner)?.sync_all()?;
        if inner == folder {
            break;
        }
    }
    Ok(())
}
