//! An HTTP client with a cookie jar, like a browser that follows no redirect and applies no policy of its own.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use reqwest::{Method, RequestBuilder, redirect};
use serde_json::Value;

use super::Answer;

/// Talks to one server. Clones share the jar.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    jar: Arc<Mutex<BTreeMap<String, String>>>,
}

/// A request in the making.
pub struct Call {
    client: Client,
    asked: String,
    request: RequestBuilder,
    jar: bool,
}

impl Client {
    /// A client with an empty jar for the server at `base` (`http://127.0.0.1:PORT`).
    pub fn new(base: impl Into<String>) -> Self {
        // No pool: each request shows what a new visitor sees, and a stopping server has no idle connections of ours.
        let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).pool_max_idle_per_host(0).no_proxy();
        Self { http: http.build().unwrap(), base: base.into(), jar: Arc::default() }
    }

    /// Another visitor of the same server: an empty jar.
    pub fn stranger(&self) -> Self {
        Self { jar: Arc::default(), ..self.clone() }
    }

    /// Begins a request. `target` is a path with query, or a whole URL (as found in a mail) whose path is taken.
    pub fn call(&self, method: &str, target: &str) -> Call {
        let path = path_of(target);
        let request = self.http.request(Method::from_bytes(method.as_bytes()).unwrap(), format!("{}{path}", self.base));
        Call { client: self.clone(), asked: format!("{method} {path}"), request, jar: true }
    }

    /// GET.
    pub async fn get(&self, target: &str) -> Answer {
        self.call("GET", target).send().await
    }

    /// POST with a JSON body.
    pub async fn post(&self, target: &str, body: Value) -> Answer {
        self.call("POST", target).json(&body).send().await
    }

    /// PATCH with a JSON body.
    pub async fn patch(&self, target: &str, body: Value) -> Answer {
        self.call("PATCH", target).json(&body).send().await
    }

    /// DELETE.
    pub async fn delete(&self, target: &str) -> Answer {
        self.call("DELETE", target).send().await
    }

    /// The value of a cookie in the jar.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar.lock().unwrap().get(name).cloned()
    }

    /// Every cookie in the jar by name.
    pub fn cookies(&self) -> BTreeMap<String, String> {
        self.jar.lock().unwrap().clone()
    }

    /// Puts a cookie into the jar.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.jar.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// Takes what the server sets, and drops what it expires.
    fn remember(&self, answer: &Answer) {
        let mut jar = self.jar.lock().unwrap();
        for line in answer.set_cookies() {
            let mut parts = line.split(';').map(str::trim);
            let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).unwrap_or_default();
            if value.is_empty() || parts.any(|attribute| attribute.eq_ignore_ascii_case("max-age=0")) {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn cookie_header(&self) -> Option<String> {
        let jar = self.jar.lock().unwrap();
        let pairs: Vec<String> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

impl Call {
    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.request = self.request.header(name, value.as_ref());
        self
    }

    /// Sets a JSON body and its content type.
    pub fn json(mut self, body: &Value) -> Self {
        self.request = self.request.json(body);
        self
    }

    /// Sets a body as it is, without a content type.
    pub fn body(mut self, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.body(body);
        self
    }

    /// Leaves the jar out: no cookie goes with this request and none of its answer is kept.
    pub fn without_cookies(mut self) -> Self {
        self.jar = false;
        self
    }

    /// Sends it and reads the answer to its end.
    pub async fn send(self) -> Answer {
        let (client, asked, jar) = (self.client.clone(), self.asked.clone(), self.jar);
        let answer = match self.stream().await {
            Ok(response) => Answer::read(asked, response).await,
            Err(error) => panic!("{asked}: no answer: {error:?}"),
        };
        if jar {
            client.remember(&answer);
        }
        answer
    }

    /// Sends it and gives the response while its body is still coming, or why there is none.
    pub async fn stream(self) -> Result<reqwest::Response, reqwest::Error> {
        let cookies = if self.jar { self.client.cookie_header() } else { None };
        let request = match cookies {
            Some(cookies) => self.request.header("cookie", cookies),
            None => self.request,
        };
        request.send().await
    }
}

fn path_of(target: &str) -> &str {
    match target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => target,
    }
}
