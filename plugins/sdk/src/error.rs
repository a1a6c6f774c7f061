//! Errors of the host as sentences, so that `?` works wherever a bot answers with `Result<_, String>`.

use crate::{Error, http};

impl From<Error> for String {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => "Not found.".to_owned(),
            Error::Forbidden(why) => format!("Not allowed: {why}"),
            Error::Invalid(why) => format!("Not acceptable: {why}"),
            Error::Limited(why) => format!("Too much at once: {why}"),
            Error::Unavailable(why) => format!("Not available at the moment: {why}"),
            Error::Other(why) => why,
        }
    }
}

impl From<http::Error> for String {
    fn from(error: http::Error) -> Self {
        match error {
            http::Error::Denied(why) => format!("The request is not allowed: {why}"),
            http::Error::Unreachable(why) => format!("The server cannot be reached: {why}"),
            http::Error::Timeout => "The server took too long to answer.".to_owned(),
            http::Error::TooLarge => "The answer is too large.".to_owned(),
            http::Error::Limited(why) => format!("Too many requests: {why}"),
            http::Error::Other(why) => why,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Error, http};

    fn fails(error: Error) -> Result<(), String> {
        Err(error)?
    }

    #[test]
    fn errors_become_sentences() {
        assert_eq!(fails(Error::NotFound).unwrap_err(), "Not found.");
        assert_eq!(fails(Error::Limited("64 effects a call".to_owned())).unwrap_err(), "Too much at once: 64 effects a call");
        assert_eq!(String::from(http::Error::Timeout), "The server took too long to answer.");
    }
}
