//! Small versions of pictures.

use std::sync::Arc;

use tokio::sync::Notify;

/// Makes small versions. Cheap to clone.
#[derive(Clone, Default)]
pub struct Thumbnails {
    wake: Arc<Notify>,
}

impl Thumbnails {
    /// There may be a picture that waits for its small version.
    pub fn wake(&self) {
        self.wake.notify_one();
    }
}
