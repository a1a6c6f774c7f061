//! Signing in at other sites: the paths of the redirect providers. While none is loaded they say so.

pub mod http;
