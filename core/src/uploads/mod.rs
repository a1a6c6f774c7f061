//! Files that people upload: pictures and PDFs, for posts and messages or to be linked from elsewhere.
//!
//! An *upload* is a row and an *object* in the store. The row comes first and is *reserved*; when the object is whole and safe it
//! becomes *ready*, and only then somebody learns the address ([`intake`]). What a crash or a broken connection leaves behind is
//! removed by the [`janitor`]; what is ready stays until its owner or an admin removes it, since its address may be used anywhere.
//!
//! What a file is, its bytes decide, never its name or what the sender calls it ([`model::Kind`]). While it passes, [`clean`] drops
//! whatever tells where and by whom a picture was taken, and what follows its end, and refuses what is damaged or too large
//! to be shown. Nothing is decoded on the way in; small versions are made afterwards, one at a time ([`thumbnails`]).
//!
//! Files in a folder are served by [`files`]; those in a bucket by whoever serves the bucket.

pub mod actions;
pub mod clean;
mod entity;
pub mod files;
pub mod http;
pub mod intake;
pub mod janitor;
pub mod key;
pub mod model;
pub mod objects;
pub mod policy;
pub mod queries;
pub mod requests;
mod store;
pub mod thumbnails;
