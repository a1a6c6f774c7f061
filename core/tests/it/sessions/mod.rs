//! Signed-in browsers and programs.

mod cookies;
mod lifetimes;
mod list;
mod logout;
