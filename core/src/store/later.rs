//! Rows that are written together at the end of a transaction. What a write costs is the number of its statements, so rows of which
//! there are many at a time are left until then and become one statement for all.

use std::any::Any;

use futures_util::future::BoxFuture;
use sea_orm::DatabaseTransaction;

use crate::error::Result;

/// A kind of row that can be left to be written.
pub trait Later: Send + Sync + Sized + 'static {
    /// Writes `rows`, oldest first, in as few statements as possible. Must not fail for what is in them: that is checked when they are
    /// left, or everybody in the transaction would fail with it.
    fn write<'a>(conn: &'a DatabaseTransaction, rows: &'a [Self]) -> BoxFuture<'a, Result<()>>;
}

/// All that waits, in the order in which the kinds came up.
#[derive(Default)]
pub(super) struct Queue(Vec<Box<dyn Kind>>);

/// How many rows of a kind there are, and how many of them are written.
#[derive(Clone, Copy, Default)]
pub(super) struct Queued {
    rows: usize,
    written: usize,
}

trait Kind: Any + Send + Sync {
    fn flush<'a>(&'a mut self, conn: &'a DatabaseTransaction) -> BoxFuture<'a, Result<()>>;
    fn mark(&self) -> Queued;
    fn undo(&mut self, mark: Queued);
}

/// Rows stay here once they are written: undoing a write may also undo the writing of rows that were left before it.
struct Rows<T> {
    all: Vec<T>,
    written: usize,
}

impl<T: Later> Kind for Rows<T> {
    fn flush<'a>(&'a mut self, conn: &'a DatabaseTransaction) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if self.written < self.all.len() {
                T::write(conn, &self.all[self.written..]).await?;
                self.written = self.all.len();
            }
            Ok(())
        })
    }

    fn mark(&self) -> Queued {
        Queued { rows: self.all.len(), written: self.written }
    }

    fn undo(&mut self, mark: Queued) {
        self.all.truncate(mark.rows);
        self.written = self.written.min(mark.written);
    }
}

impl Queue {
    pub(super) fn push<T: Later>(&mut self, row: T) {
        let place = self.0.iter().position(|kind| as_rows::<T>(kind.as_ref()).is_some()).unwrap_or_else(|| {
            self.0.push(Box::new(Rows::<T> { all: Vec::new(), written: 0 }));
            self.0.len() - 1
        });
        let kind: &mut dyn Any = self.0[place].as_mut();
        if let Some(rows) = kind.downcast_mut::<Rows<T>>() {
            rows.all.push(row);
        }
    }

    pub(super) fn rows<T: Later>(&self) -> &[T] {
        self.0.iter().find_map(|kind| as_rows::<T>(kind.as_ref())).map_or(&[], |rows| &rows.all)
    }

    pub(super) async fn flush(&mut self, conn: &DatabaseTransaction) -> Result<()> {
        for kind in &mut self.0 {
            kind.flush(conn).await?;
        }
        Ok(())
    }

    pub(super) fn mark(&self) -> Vec<Queued> {
        self.0.iter().map(|kind| kind.mark()).collect()
    }

    pub(super) fn undo(&mut self, mark: &[Queued]) {
        for (index, kind) in self.0.iter_mut().enumerate() {
            kind.undo(mark.get(index).copied().unwrap_or_default());
        }
    }
}

fn as_rows<T: Later>(kind: &dyn Kind) -> Option<&Rows<T>> {
    let kind: &dyn Any = kind;
    kind.downcast_ref()
}
