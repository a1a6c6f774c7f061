//! Names of other hosts: everything below `.test` is this machine, the rest is as the machine has it.

use std::{io, net::SocketAddr, sync::Mutex};

use community::outbound::{Resolve, SystemResolver};
use futures_util::future::BoxFuture;

/// The resolver of a server under test, which notes what it is asked.
#[derive(Default)]
pub struct Names(Mutex<Vec<String>>);

impl Names {
    /// Every name that was asked for so far.
    pub fn asked(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        self.0.lock().unwrap().push(host.to_owned());
        if host.rsplit_once('.').is_some_and(|(_, last)| last == "test") {
            return Box::pin(async move { Ok(vec![([127, 0, 0, 1], port).into()]) });
        }
        SystemResolver.resolve(host, port)
    }
}
