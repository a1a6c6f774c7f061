//! Turns what poem-openapi says about wrong input, which is meant for developers, into sentences for people.

/// A sentence about `name` (a field or parameter) made from poem-openapi's `reason`. Type names never get through.
pub fn sentence(name: &str, reason: &str) -> String {
    let plain = strip(reason);
    let (name, fault) = match plain.strip_prefix("field `").and_then(|rest| rest.split_once("` verification failed. ")) {
        Some((field, rule)) => (field, broken(rule)),
        None => (name, fault(plain)),
    };
    if fault.starts_with(char::is_uppercase) { fault } else { format!("{name} {fault}.") }
}

/// Removes the type names around the message of an inner type.
fn strip(reason: &str) -> &str {
    let mut plain = reason.split(" (occurred while parsing \"").next().unwrap_or(reason);
    while let Some((_, rest)) = plain.strip_prefix("failed to parse \"").and_then(|rest| rest.split_once("\": ")) {
        plain = rest;
    }
    plain
}

/// What is wrong, to be read after a name; a whole sentence when one of our own types wrote it.
fn fault(plain: &str) -> String {
    if let Some(rule) = plain.strip_prefix("verification failed. ") {
        return broken(rule);
    }
    if let Some(field) = between(plain, "unknown field `", "`") {
        return format!("The field {field} is not known here.");
    }
    if let Some(field) = between(plain, "properties `", "`") {
        return format!("The field {field} cannot be set.");
    }
    match plain {
        _ if plain.starts_with("Type \"") => "is missing".to_owned(),
        _ if plain.starts_with("Expected input type") => "has the wrong type".to_owned(),
        _ if ["integer", "digit", "fit in target type"].iter().any(|word| plain.contains(word)) => {
            "must be a whole number in range".to_owned()
        }
        _ => plain.trim_end_matches('.').to_owned() + if plain.starts_with(char::is_uppercase) { "." } else { "" },
    }
}

/// What a validator asks for, from its notation like `maxLength(200)`.
fn broken(rule: &str) -> String {
    let (kind, argument) = rule.split_once('(').unwrap_or((rule, ""));
    let number = argument.split([',', ')']).next().unwrap_or_default();
    match kind {
        "maximum" => format!("must be at most {number}"),
        "minimum" => format!("must be at least {number}"),
        "maxLength" => format!("must have at most {number} characters"),
        "minLength" if number == "1" => "must not be empty".to_owned(),
        "minLength" => format!("must have at least {number} characters"),
        "maxItems" => format!("must have at most {number} entries"),
        "minItems" => format!("must have at least {number} entries"),
        "multipleOf" => format!("must be a multiple of {number}"),
        "uniqueItems" => "must not contain anything twice".to_owned(),
        _ => "does not have the right form".to_owned(),
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.strip_prefix(before)?.split_once(after).map(|(inner, _)| inner)
}
