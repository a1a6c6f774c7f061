//! What a person sees at `/`, `/posts/`, `/rooms/` and `/settings/`. Pages are rendered on the server, from templates that escape
//! everything, and can be read without any script; scripts and styles are files of their own, so that the content security policy can
//! forbid the rest. In the browser the front end (`core/web`) takes over, if the binary was built with it; else `community.js` makes
//! the forms work.

pub mod assets;
mod atom;
mod events;
pub mod http;
mod look;
mod markdown;
mod notice;
mod pages;
mod sample;
mod settings;
mod texts;

pub use look::Look;
pub use markdown::Pictures;
