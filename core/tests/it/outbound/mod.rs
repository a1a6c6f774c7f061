//! Requests of the server to others: where they may go, and what they survive.

mod addresses;
mod caps;
mod exchange;
mod hosts;
mod log;
pub mod peer;
mod tls;

use std::{
    collections::VecDeque,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

use community::{
    config::OutboundSection,
    outbound::{AllowList, ErrorKind, Outbound, OutboundError, Resolve},
};
use futures_util::future::BoxFuture;
use hyper::{Request, Response};

/// A resolver that answers as told: one answer after the other, the last one for ever.
struct Names {
    answers: Mutex<VecDeque<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    fn answering(answers: &[&[&str]]) -> Arc<Self> {
        let answers = answers.iter().map(|answer| answer.iter().map(|address| address.parse().unwrap()).collect()).collect();
        Arc::new(Self { answers: Mutex::new(answers), asked: Mutex::default() })
    }

    /// How often it was asked.
    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, host: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        self.asked.lock().unwrap().push(host.to_owned());
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        // The port of the answer is wrong on purpose: the one of the URL counts.
        let answer = answer.unwrap_or_default().into_iter().map(|address| SocketAddr::new(address, 1));
        Box::pin(async move { Ok(answer.collect()) })
    }
}

/// A client to which every name is this machine.
fn client(change: impl FnOnce(&mut OutboundSection)) -> Outbound {
    client_with(Names::answering(&[&["127.0.0.1"]]), change)
}

fn client_with(names: Arc<dyn Resolve>, change: impl FnOnce(&mut OutboundSection)) -> Outbound {
    let mut section = OutboundSection::default();
    change(&mut section);
    Outbound::new(&section, names, &"https://community.example".parse().unwrap(), Vec::new()).unwrap()
}

/// A list that permits these hosts, private ones too.
fn private(hosts: &[&str]) -> AllowList {
    AllowList::parse(&owned(hosts), true).unwrap()
}

/// A list that permits these hosts at public addresses.
fn public(hosts: &[&str]) -> AllowList {
    AllowList::parse(&owned(hosts), false).unwrap()
}

fn owned(hosts: &[&str]) -> Vec<String> {
    hosts.iter().map(|host| (*host).to_owned()).collect()
}

async fn get(outbound: &Outbound, allowed: &AllowList, url: &str) -> Result<Response<Vec<u8>>, OutboundError> {
    outbound.send("test", allowed, Request::get(url).body(Vec::new()).unwrap()).await
}

/// Asserts that a rule stopped the request.
#[track_caller]
fn assert_refused(outcome: Result<Response<Vec<u8>>, OutboundError>, what: &str) {
    let error = outcome.expect_err(what);
    assert_eq!(error.kind, ErrorKind::Refused, "{what}: {error}");
}
