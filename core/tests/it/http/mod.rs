//! The HTTP base, over raw sockets: what clients in good order never send is most of what is tested here.

mod alias;
mod app;
mod bodies;
mod client_ip;
mod connections;
mod cors;
mod drain;
mod errors;
mod files;
mod gate;
mod headers;
mod json;
mod log;
mod metrics;
mod nginx;
mod openapi;
mod origin;
mod rate;
mod raw;
mod smuggling;
