//! What handlers work with, put together once when the server starts. A request carries one pointer to all of it: poem's own
//! way copies every part into every request.

use std::{any::type_name, ops::Deref, sync::Arc};

use poem::{FromRequest, Request, RequestBody, http::Extensions};

use super::error::Failure;
use crate::error::{Error, Result};

/// The parts, each found by its type. Cheap to clone.
#[derive(Clone)]
pub struct Shared(Arc<Extensions>);

impl From<Extensions> for Shared {
    fn from(parts: Extensions) -> Self {
        Self(Arc::new(parts))
    }
}

/// The part of type `T`. Fails if the server was put together without it, which is a fault of ours.
pub fn find<T: Send + Sync + 'static>(request: &Request) -> Result<&T> {
    let part = request.data::<Shared>().and_then(|shared| shared.0.get());
    part.ok_or_else(|| Error::internal(format!("requests carry no {}", type_name::<T>())))
}

/// Hands a part to a handler: `posts: Data<&Posts>`.
pub struct Data<T>(pub T);

impl<T> Deref for Data<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'a, T: Send + Sync + 'static> FromRequest<'a> for Data<&'a T> {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        Ok(Self(find(request).map_err(Failure)?))
    }
}
