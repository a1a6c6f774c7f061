//! A response, read to its end.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// Status, headers and body of one response.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What was asked, for messages: `GET /api/me`.
    pub asked: String,
    /// The status code.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads `response` to its end.
    pub async fn read(asked: String, response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.unwrap_or_else(|error| panic!("{asked}: the body broke off: {error:?}"));
        Self { asked, status, headers, body: body.to_vec() }
    }

    /// The same answer, after a look at its status; panics with the body if it is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{} answered {}: {}", self.asked, self.status, self.text());
        self
    }

    /// Checks that this is an error as every error looks, with this status and code; gives its body.
    #[track_caller]
    pub fn expect_error(self, status: u16, code: &str) -> Value {
        let body = self.expect(status).json();
        assert_eq!((&body["ok"], body["code"].as_str()), (&Value::Bool(false), Some(code)), "{body}");
        assert!(body["error"].as_str().is_some_and(|sentence| !sentence.is_empty()), "no sentence in {body}");
        body
    }

    /// Checks for a redirect (302 or 303) and gives where it leads.
    #[track_caller]
    pub fn expect_redirect(self) -> String {
        assert!(matches!(self.status, 302 | 303), "{} answered {}: {}", self.asked, self.status, self.text());
        self.header("location").unwrap_or_else(|| panic!("{}: a redirect to nowhere", self.asked)).to_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: no JSON ({error}): {}", self.asked, self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The first header of this name, if it is readable text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Every `Set-Cookie` line.
    pub fn set_cookies(&self) -> Vec<String> {
        self.headers.get_all("set-cookie").iter().map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned()).collect()
    }

    /// The target of the `Link` header with `rel="next"`.
    pub fn next_page(&self) -> Option<String> {
        let link = self.header("link")?;
        let (target, rest) = link.strip_prefix('<')?.split_once('>')?;
        rest.contains("rel=\"next\"").then(|| target.to_owned())
    }
}
