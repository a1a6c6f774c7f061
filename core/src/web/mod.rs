//! The plain pages: what a person sees at `/`, `/posts/` and `/settings/` without any front end. Rendered on the server from templates that
//! escape everything; scripts and styles are files of their own, so that the content security policy can forbid the rest.

pub mod assets;
mod events;
pub mod http;
mod notice;
mod pages;
mod sample;
mod settings;
