//! The parts of a request that carries a file (`multipart/form-data`). The file is in the field `file`; what else a form sends
//! before it is passed over.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use multer::{Field, Multipart};
use poem::Body;
use tokio::time::{Instant, Sleep, sleep_until};

use super::super::model::name_from;
use crate::error::{Error, Result};

/// The field that carries the file.
const FILE: &str = "file";
/// Fields in one request.
const MOST: usize = 16;
/// Bytes of the head of one field.
const HEAD: usize = 8 << 10;
/// Bytes in which no field begins or goes on: a head, or what stands before the first field. Pieces of the body are up to 64 KiB.
const IDLE: usize = 160 << 10;
/// The longest boundary that the standard permits.
const BOUNDARY: usize = 70;

/// What separates the fields.
///
/// # Errors
/// `invalid_request` if the body is no form.
pub(super) fn boundary(content_type: Option<&str>) -> Result<String> {
    let content_type = content_type.ok_or_else(no_file)?;
    let boundary = multer::parse_boundary(content_type);
    let boundary =
        boundary.map_err(|error| Error::invalid("The file must be sent as multipart/form-data, with a boundary.").caused_by(error))?;
    let fits = (1..=BOUNDARY).contains(&boundary.len());
    if fits { Ok(boundary) } else { Err(Error::invalid(format!("The boundary must have 1 to {BOUNDARY} characters."))) }
}

/// There is no file in the request.
pub(super) fn no_file() -> Error {
    Error::invalid("There is no file; send it as multipart/form-data in the field \"file\".")
}

/// The fields, while they come.
pub(super) struct Parts {
    fields: Multipart<'static>,
    body: Shared,
    seen: usize,
    idle: Arc<AtomicUsize>,
}

impl Parts {
    pub fn new(body: Body, boundary: String, deadline: Instant) -> Self {
        let idle = Arc::new(AtomicUsize::new(0));
        let paced = Paced {
            pieces: body.into_bytes_stream().fuse().boxed(),
            deadline: Box::pin(sleep_until(deadline)),
            rests: false,
            idle: idle.clone(),
        };
        let body = Shared(Arc::new(Mutex::new(paced)));
        Self { fields: Multipart::new(body.clone(), boundary), body, seen: 0, idle }
    }

    /// The content of the file, and what may be kept of its name.
    ///
    /// # Errors
    /// `invalid_request` if there is none.
    pub async fn file(&mut self) -> Result<(BoxStream<'static, Result<Bytes>>, Option<String>)> {
        loop {
            let field = self.next().await?.ok_or_else(no_file)?;
            if field.name() == Some(FILE) {
                let name = field.file_name().and_then(name_from);
                return Ok((self.content(field), name));
            }
            let mut content = self.content(field);
            while content.next().await.transpose()?.is_some() {}
        }
    }

    /// Sees that there is no other file, and that the request is complete: all of it came that was promised, also behind the form.
    ///
    /// # Errors
    /// `invalid_request`.
    pub async fn end(mut self) -> Result<()> {
        while let Some(field) = self.next().await? {
            if field.name() == Some(FILE) {
                return Err(Error::invalid("There are several files; send one at a time."));
            }
            let mut content = self.content(field);
            while content.next().await.transpose()?.is_some() {}
        }
        while self.body.next().await.transpose()?.is_some() {}
        Ok(())
    }

    async fn next(&mut self) -> Result<Option<Field<'static>>> {
        let Some(field) = self.fields.next_field().await.map_err(broken)? else { return Ok(None) };
        self.idle.store(0, Ordering::Relaxed);
        self.seen += 1;
        if self.seen > MOST {
            return Err(Error::invalid(format!("The form has more than {MOST} fields.")));
        }
        if field.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>() > HEAD {
            return Err(Error::invalid("The head of a field is too long."));
        }
        Ok(Some(field))
    }

    fn content(&self, field: Field<'static>) -> BoxStream<'static, Result<Bytes>> {
        stream::unfold((field, self.idle.clone()), |(mut field, idle)| async move {
            let piece = field.chunk().await.transpose()?;
            idle.store(0, Ordering::Relaxed);
            Some((piece.map_err(broken), (field, idle)))
        })
        .boxed()
    }
}

/// Why the fields cannot be read.
fn broken(error: multer::Error) -> Error {
    match error {
        multer::Error::StreamReadFailed(cause) => match cause.downcast::<Error>() {
            Ok(error) => *error,
            Err(cause) => Error::invalid("The request broke off.").caused_by(cause),
        },
        error => Error::invalid("The form is damaged; every field must begin and end with the boundary.").caused_by(error),
    }
}

/// The body, one piece at a time: the library reads on as long as there is something, and keeps all of it.
struct Paced {
    pieces: BoxStream<'static, std::io::Result<Bytes>>,
    deadline: Pin<Box<Sleep>>,
    rests: bool,
    /// Bytes since a field began or went on.
    idle: Arc<AtomicUsize>,
}

/// The body, as the library reads it, and what is left when it has read its part.
#[derive(Clone)]
struct Shared(Arc<Mutex<Paced>>);

impl Stream for Shared {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).poll_next_unpin(cx)
    }
}

impl Stream for Paced {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.rests) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(super::too_late())));
        }
        let Poll::Ready(piece) = self.pieces.poll_next_unpin(cx) else { return Poll::Pending };
        let Some(piece) = piece else { return Poll::Ready(None) };
        let length = piece.as_ref().map_or(0, Bytes::len);
        self.rests = true;
        if self.idle.fetch_add(length, Ordering::Relaxed) + length > IDLE {
            return Poll::Ready(Some(Err(Error::invalid("The form is damaged; there is too much between its fields."))));
        }
        Poll::Ready(Some(piece.map_err(|error| Error::invalid("The request broke off.").caused_by(error))))
    }
}
