//! Asking other servers. Permission: `http`, and for secrets `secrets`.
//!
//! One request of at most 1 MiB, one answer of at most what the operator allows (256 KiB unless set), both held in memory. Redirects are not
//! followed. The operator says which hosts may be asked (`allow_hosts`); the time it takes counts towards that of the call. A request
//! is sent at once, even if the call fails later, and again if the call runs again.
//!
//! ```no_run
//! use openclaw_sdk::http;
//!
//! #[derive(serde::Deserialize)]
//! struct Weather {
//!     summary: String,
//! }
//!
//! fn weather(city: &str) -> Result<String, String> {
//!     let request = http::get("https://weather.example/today").query("city", city).bearer("weather_secret");
//!     let weather: Weather = request.send()?.successful()?.json()?;
//!     Ok(weather.summary)
//! }
//! ```

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

use crate::bindings::bot::openclaw::http::http as wit;
pub use crate::bindings::bot::openclaw::http::http::{Error, Header, Response, SecretHeader};
use crate::host::http;

/// A question, until it is sent.
#[derive(Clone, Debug)]
#[must_use = "a request is only asked when it is sent"]
pub struct Request(wit::Request);

/// Asks for what is at an address.
pub fn get(url: &str) -> Request {
    request("GET", url)
}

/// Sends something to an address.
pub fn post(url: &str) -> Request {
    request("POST", url)
}

/// A request with any of `GET`, `POST`, `PUT`, `PATCH`, `DELETE` and `HEAD`.
pub fn request(method: &str, url: &str) -> Request {
    let (headers, secret_headers) = (Vec::new(), Vec::new());
    Request(wit::Request { method: method.to_owned(), url: url.to_owned(), headers, secret_headers, body: Vec::new(), timeout_ms: None })
}

impl Request {
    /// A header: at most 32, and none that the host sets itself, such as `host` or `authorization`.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.0.headers.push(Header { name: name.to_owned(), value: value.to_owned() });
        self
    }

    /// A header with a secret in it, after a prefix such as `Bearer `. The secret is named by its setting, which ends in `secret`; the
    /// host puts it in, and the bot never sees it. At most 4.
    pub fn secret_header(mut self, name: &str, prefix: &str, secret: &str) -> Self {
        let header = SecretHeader { name: name.to_owned(), prefix: prefix.to_owned(), secret: secret.to_owned() };
        self.0.secret_headers.push(header);
        self
    }

    /// The header `authorization` with a secret as a bearer token.
    pub fn bearer(self, secret: &str) -> Self {
        self.secret_header("authorization", "Bearer ", secret)
    }

    /// A parameter of the address, encoded.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        let (mut url, fragment) = match self.0.url.split_once('#') {
            Some((url, fragment)) => (url.to_owned(), Some(fragment)),
            None => (self.0.url.clone(), None),
        };
        url.push(if url.contains('?') { '&' } else { '?' });
        encode(&mut url, name);
        url.push('=');
        encode(&mut url, value);
        if let Some(fragment) = fragment {
            url.push('#');
            url.push_str(fragment);
        }
        self.0.url = url;
        self
    }

    /// What is sent, at most 1 MiB.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.0.body = body.into();
        self
    }

    /// A value that is sent as JSON, with its content type.
    ///
    /// # Errors
    /// [`Error::Other`] for what cannot be JSON, such as a map whose keys are no texts.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Result<Self, Error> {
        let body = serde_json::to_vec(value).map_err(|error| Error::Other(format!("this cannot be sent as JSON: {error}")))?;
        Ok(self.header("content-type", "application/json").body(body))
    }

    /// How long it may take, at most what the operator allows.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.0.timeout_ms = Some(u32::try_from(time.as_millis()).unwrap_or(u32::MAX));
        self
    }

    /// Asks, and waits for the answer, whatever its status.
    ///
    /// # Errors
    /// When there is no answer: see [`Error`].
    pub fn send(self) -> Result<Response, Error> {
        http::send(&self.0)
    }
}

impl Response {
    /// The answer itself if its status is 200 to 299.
    ///
    /// # Errors
    /// [`Error::Other`] with a sentence that names the status.
    pub fn successful(self) -> Result<Self, Error> {
        match self.status {
            200..=299 => Ok(self),
            status => Err(Error::Other(format!("The server answered with status {status}."))),
        }
    }

    /// The value of the first header of that name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.map(|header| header.value.as_str())
    }

    /// The body as text; what is no UTF-8 in it is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, read as JSON.
    ///
    /// # Errors
    /// [`Error::Other`] with a sentence that repeats nothing of the body.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Error::Other(format!("The answer is not the JSON it should be (line {line}, column {column})."))
        })
    }
}

/// Everything but what RFC 3986 calls unreserved is written as its bytes.
fn encode(url: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push('%');
            url.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Duration};

    use super::{Error, Response, get, post, request};
    use crate::testing;

    fn response(status: u16, body: &str) -> Response {
        Response { status, headers: vec![super::Header { name: "Content-Type".into(), value: "text/plain".into() }], body: body.into() }
    }

    #[test]
    fn a_request_is_what_was_said() {
        testing::with(|host| host.responses.push_back(Ok(response(201, ""))));
        let request = post("https://a.example/x").header("accept", "*/*").bearer("api_secret").timeout(Duration::from_millis(1500));
        assert_eq!(request.json(&[1]).unwrap().send().unwrap().status, 201);
        let sent = testing::with(|host| host.requests.remove(0));
        assert_eq!((sent.method.as_str(), sent.body.as_slice(), sent.timeout_ms), ("POST", b"[1]".as_slice(), Some(1500)));
        assert_eq!(sent.headers.iter().map(|header| header.name.as_str()).collect::<Vec<_>>(), ["accept", "content-type"]);
        let secret = &sent.secret_headers[0];
        assert_eq!((secret.name.as_str(), secret.prefix.as_str(), secret.secret.as_str()), ("authorization", "Bearer ", "api_secret"));
    }

    #[test]
    fn parameters_are_encoded_and_stand_before_the_fragment() {
        let request = get("https://a.example/?x=1#part").query("q", "a b&c=ü").query("-._~", "");
        assert_eq!(request.0.url, "https://a.example/?x=1&q=a%20b%26c%3D%C3%BC&-._~=#part");
        assert_eq!(get("https://a.example").query("a", "1").0.url, "https://a.example?a=1");
    }

    #[test]
    fn answers_are_read_or_named_as_wrong() {
        assert_eq!(response(200, "[1,2]").successful().unwrap().json::<Vec<u8>>().unwrap(), [1, 2]);
        assert_eq!(response(204, "é").text(), "é");
        assert_eq!(response(200, "").header("content-TYPE"), Some("text/plain"));
        let sentence = |error: Result<Response, Error>| String::from(error.unwrap_err());
        assert_eq!(sentence(response(503, "").successful()), "The server answered with status 503.");
        let wrong = response(200, "secret").json::<u8>().unwrap_err();
        assert_eq!(String::from(wrong), "The answer is not the JSON it should be (line 1, column 1).");
        assert!(post("https://a.example").json(&BTreeMap::from([(vec![1], 2)])).is_err());
    }

    #[test]
    fn nobody_answers_a_test_that_prepared_nothing() {
        assert!(matches!(request("HEAD", "https://a.example").send(), Err(Error::Unreachable(_))));
    }
}
