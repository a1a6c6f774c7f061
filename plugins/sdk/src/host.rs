//! Where calls of the host go: to the host inside a component, to [`crate::testing`] anywhere else.

#[cfg(target_family = "wasm")]
pub use crate::bindings::{
    bot::openclaw::{
        chat::{chat_read, chat_write},
        http::http,
        members::{members, moderation},
        posts::{posts_read, posts_write},
        schedule::schedule,
        secrets::secrets,
        store::store,
    },
    password::openclaw::{log::log, settings::settings},
};

#[cfg(not(target_family = "wasm"))]
pub use crate::testing::imports::{
    chat_read, chat_write, http, log, members, moderation, posts_read, posts_write, schedule, secrets, settings, store,
};
