//! A community server: posts, rooms, uploads and sign-in in one binary, where every login provider and every bot is a
//! sandboxed WebAssembly component.

pub mod accounts;
pub mod actor;
mod backlog;
pub mod bots;
mod cleaning;
pub mod cli;
pub mod clock;
pub mod config;
pub mod cookie;
pub mod devices;
pub mod doctor;
pub mod email;
pub mod error;
pub mod http;
pub mod ids;
pub mod mail;
pub mod messages;
pub mod oauth;
pub mod outbound;
pub mod plugins;
pub mod posts;
pub mod providers;
pub mod random;
pub mod realtime;
pub mod rooms;
pub mod serve;
pub mod sessions;
pub mod store;
pub mod text;
mod threads;
pub mod uploads;
pub mod web;
pub mod workbench;
