//! Misdeeds on the network, and with secrets.

use openclaw_sdk::{
    http::{self, Request},
    secrets, settings,
};

use crate::{Deed, Order};

/// How much of an answer is repeated, in characters.
const REPEATED: usize = 1000;

pub const DEEDS: &[(&str, Deed)] = &[
    ("http", |order| tell(order, http::get(order.argument))),
    ("http-method", |order| order.two().and_then(|(method, url)| tell(order, http::request(method, url)))),
    ("http-header", |order| order.two().and_then(|(name, url)| tell(order, http::get(url).header(name, "naughty")))),
    ("http-header-value", |order| order.two().and_then(|(value, url)| tell(order, http::get(url).header("x-naughty", &unescaped(value))))),
    ("http-headers", |order| {
        tell(order, (0..100).fold(http::get(order.argument), |request, number| request.header(&format!("x-{number}"), "x")))
    }),
    ("http-large", |order| tell(order, http::post(order.argument).body(vec![b'x'; 2 << 20]))),
    ("http-then-trap", |order| tell(order, http::get(order.argument)).map(|()| crate::deeds::act("trap"))),
    ("spin-http", spin),
    ("secret-echo", |order| tell(order, http::get(order.argument).bearer("api_secret"))),
    ("secret-in", |order| order.two().and_then(|(name, url)| tell(order, http::get(url).secret_header(name, "", "api_secret")))),
    ("secret-named", |order| order.two().and_then(|(secret, url)| tell(order, http::get(url).bearer(secret)))),
    ("read-all-secrets", |order| {
        let names = ["api_secret", "client_secret", "secret", "plugins.naughty.settings.api_secret", "api_secret\0"];
        let seen: Vec<_> = names.iter().map(|name| format!("{name:?}: {:?}, {}", settings::get(name), secrets::available(name))).collect();
        let (environment, arguments) = (std::env::vars().collect::<Vec<_>>(), std::env::args().collect::<Vec<_>>());
        order.say(format!("{} {environment:?} {arguments:?}", seen.join("; ")))
    }),
];

/// Sends a request and says what came back.
fn tell(order: &Order, request: Request) -> Result<(), String> {
    order.say(match request.send() {
        Ok(response) => {
            let body: String = response.text().chars().take(REPEATED).collect();
            let headers: Vec<_> = response.headers.iter().map(|header| format!("{}: {}", header.name, header.value)).collect();
            format!("status {}, {} bytes: {body}\n{}", response.status, response.body.len(), headers.join("\n"))
        }
        Err(error) => format!("error: {error:?}"),
    })
}

/// Asks again and again until it is stopped, and says after how many times.
fn spin(order: &Order) -> Result<(), String> {
    let mut errors = (0..1000).map(|number| (number, http::get(order.argument).send()));
    match errors.find_map(|(number, answer)| answer.err().map(|error| (number, error))) {
        Some((number, error)) => order.say(format!("stopped after {number} requests: {error:?}")),
        None => order.say("nobody stopped this"),
    }
}

/// `\r`, `\n` and `\0` as what they stand for.
fn unescaped(text: &str) -> String {
    text.replace("\\r", "\r").replace("\\n", "\n").replace("\\0", "\0")
}
