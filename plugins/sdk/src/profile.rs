//! Reading what the host fetched about a person.

use serde::de::DeserializeOwned;

use crate::{Document, Failure};

/// Reads a document as JSON.
///
/// # Errors
/// [`Failure::Unexpected`] if there is no document, or it came with another status than 200, or is not that JSON. It says so
/// without repeating any of the document, which is about a person.
pub fn read_json<T: DeserializeOwned>(document: Option<&Document>) -> Result<T, Failure> {
    let document = document.ok_or_else(|| Failure::Unexpected("there is no profile".to_owned()))?;
    if document.status != 200 {
        return Err(Failure::Unexpected(format!("the profile was answered with status {}", document.status)));
    }
    serde_json::from_slice(&document.body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Failure::Unexpected(format!("the profile is not the JSON it should be (line {line}, column {column})"))
    })
}

#[cfg(test)]
mod tests {
    use super::read_json;
    use crate::{Document, Failure};

    fn failure(status: u16, body: &str) -> String {
        let document = Document { status, body: body.into() };
        match read_json::<Vec<u8>>(Some(&document)) {
            Err(Failure::Unexpected(sentence)) => sentence,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn says_what_is_wrong_and_repeats_nothing() {
        assert_eq!(failure(401, "[1]"), "the profile was answered with status 401");
        assert_eq!(failure(200, r#"["ann@example.com"]"#), "the profile is not the JSON it should be (line 1, column 18)");
        assert_eq!(failure(200, "<html>"), "the profile is not the JSON it should be (line 1, column 1)");
        assert_eq!(read_json::<Vec<u8>>(Some(&Document { status: 200, body: "[1]".into() })).unwrap(), [1]);
        read_json::<Vec<u8>>(None).unwrap_err();
    }
}
