//! What pages say, in every language: `core/web/texts/`, which the server and the front end share.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use poem::http::{HeaderMap, header};

/// A language that is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// English, for whoever understands none of the others.
    #[default]
    En,
    /// German.
    De,
}

static EN: LazyLock<HashMap<String, String>> = LazyLock::new(|| read(include_str!("../../web/texts/en.json")));
static DE: LazyLock<HashMap<String, String>> = LazyLock::new(|| read(include_str!("../../web/texts/de.json")));

fn read(catalogue: &str) -> HashMap<String, String> {
    serde_json::from_str(catalogue).unwrap_or_default()
}

impl Lang {
    /// The language of a visitor: the one they set, else the first of those their browser asks for.
    pub fn of(headers: &HeaderMap) -> Self {
        let set = preference(headers, "lang").and_then(|name| Self::parse(&name));
        set.or_else(|| Self::asked_for(headers)).unwrap_or_default()
    }

    /// The most wanted language of `Accept-Language` that we have.
    fn asked_for(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        let mut wanted: Vec<(Self, f32)> = values
            .flat_map(|value| value.split(','))
            .filter_map(|listed| {
                let (name, parameters) = listed.split_once(';').unwrap_or((listed, ""));
                let weight = parameters.trim().strip_prefix("q=").map_or(Some(1.0), |q| q.trim().parse().ok())?;
                Self::parse(name.trim()).map(|lang| (lang, weight))
            })
            .filter(|(_, weight)| *weight > 0.0)
            .collect();
        // Stable: of equals the first wins.
        wanted.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        wanted.first().map(|(lang, _)| *lang)
    }

    fn parse(name: &str) -> Option<Self> {
        match name.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "en" => Some(Self::En),
            "de" => Some(Self::De),
            _ => None,
        }
    }

    /// The name in `lang` attributes.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    fn catalogue(self) -> &'static HashMap<String, String> {
        match self {
            Self::En => &EN,
            Self::De => &DE,
        }
    }

    /// The text called `key`; the key itself if there is none, which a test excludes.
    pub fn text(self, key: &str) -> &str {
        self.catalogue().get(key).map_or(key, String::as_str)
    }

    /// The text called `key` with `value` in place of `{name}`.
    pub fn with(self, key: &str, name: &str, value: &str) -> String {
        self.text(key).replace(&format!("{{{name}}}"), value)
    }

    /// The sentences about errors by their codes. English has none: that of the error itself is the most exact.
    pub fn errors(self) -> BTreeMap<&'static str, &'static str> {
        let own = (self != Self::En).then(|| self.catalogue());
        own.into_iter().flatten().filter_map(|(key, text)| Some((key.strip_prefix("error.")?, text.as_str()))).collect()
    }

    /// What to tell people about an error with this code, whose own sentence is `message`.
    pub fn explain(self, code: &str, message: &str) -> String {
        self.errors().get(code).map_or_else(|| message.to_owned(), |text| text.replace("{reason}", message))
    }
}

/// What a visitor set in this browser: a cookie that only says how they want to see pages.
pub fn preference(headers: &HeaderMap, name: &str) -> Option<String> {
    let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn the_first_language_that_is_asked_for_and_known_is_taken() {
        for (asked, lang) in [
            ("de", Lang::De),
            ("de-AT,en;q=0.5", Lang::De),
            ("fr, en;q=0.3, de;q=0.9", Lang::De),
            ("en, de", Lang::En),
            ("de;q=0", Lang::En),
            ("fr", Lang::En),
            ("", Lang::En),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static(asked))]);
            assert_eq!(Lang::of(&headers), lang, "{asked}");
        }
        let set = [(header::ACCEPT_LANGUAGE, "de"), (header::COOKIE, "a=b; lang=en")];
        let headers = HeaderMap::from_iter(set.map(|(name, value)| (name, HeaderValue::from_static(value))));
        assert_eq!(Lang::of(&headers), Lang::En, "what is set wins");
    }

    #[test]
    fn errors_are_told_in_the_language_of_the_page() {
        let reason = "title is missing.";
        assert_eq!(Lang::En.explain("invalid_request", reason), reason);
        assert_eq!(Lang::De.explain("invalid_request", reason), DE["error.invalid_request"].replace("{reason}", reason));
        assert_eq!(Lang::De.explain("unavailable", "The database is away."), DE["error.unavailable"]);
        assert_eq!(Lang::De.explain("no_such_code", reason), reason, "better than nothing");
    }

    /// `{name}` in a text.
    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn both_languages_say_everything_with_the_same_placeholders() {
        assert!(EN.len() > 100, "the catalogue is read");
        let keys = |catalogue: &'static HashMap<String, String>| catalogue.keys().collect::<BTreeSet<_>>();
        assert_eq!(keys(&EN), keys(&DE));
        for (key, text) in EN.iter() {
            assert_eq!(placeholders(text), placeholders(&DE[key]), "{key}");
            assert!(!text.trim().is_empty() && !DE[key].trim().is_empty(), "{key}");
        }
    }

    /// Codes without a sentence of their own in other languages, and why.
    const FOR_PROGRAMS: [(&str, &str); 9] = [
        ("effect_failed", "told to a bot in the middle of its call"),
        ("invalid_bot_token", "people have no such tokens"),
        ("invalid_event", "the front end sends events of their types"),
        ("jobs_quota", "told to a bot, or to the log"),
        ("lease_lost", "between servers"),
        ("method_not_allowed", "the front end uses the methods of the document"),
        ("stale_values", "told to a bot, which tries again"),
        ("stored_quota", "told to a bot, or to the log"),
        ("uri_too_long", "no address of the front end is"),
    ];

    /// The files below a folder.
    fn files(folder: &Path) -> Vec<std::path::PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }

    /// The words for programs in `text`: `Kind::Invalid, "invalid_request"` and the like.
    fn codes(text: &str) -> Vec<&str> {
        const KINDS: [&str; 11] = [
            "Invalid",
            "Unauthenticated",
            "Forbidden",
            "NotFound",
            "Conflict",
            "TooLarge",
            "TooSlow",
            "Unsupported",
            "Limited",
            "Unavailable",
            "Internal",
        ];
        let after = text.split("StatusCode::").skip(1).chain(text.split(" Kind::").skip(1)).chain(text.split("(Kind::").skip(1));
        let found = after.filter_map(|rest| {
            let (name, rest) = rest.split_once(',')?;
            let is_status = name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
            let (code, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
            let is_code = !code.is_empty() && code.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            (is_code && (is_status || KINDS.contains(&name))).then_some(code)
        });
        found.collect()
    }

    #[test]
    fn every_error_that_people_meet_has_a_sentence_in_every_language() {
        let mut seen = BTreeSet::new();
        for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            let text = fs::read_to_string(&path).unwrap();
            seen.extend(codes(&text).into_iter().map(str::to_owned));
        }
        assert!(seen.len() > 30 && seen.contains("invalid_request") && seen.contains("message_rejected"), "{seen:?}");
        for code in &seen {
            let has_sentence = EN.contains_key(&format!("error.{code}"));
            let exempt = FOR_PROGRAMS.iter().any(|(known, _)| known == code);
            assert!(has_sentence != exempt, "{code} needs a sentence in core/web/texts, or a reason here, and not both");
        }
        for (code, _) in FOR_PROGRAMS {
            assert!(seen.contains(code), "{code} is no code any more");
        }
    }

    #[test]
    fn every_text_that_a_template_or_the_front_end_names_exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders = vec![root.join("templates"), root.join("web/src"), root.join("src/web")];
        let mut named = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = fs::read_to_string(&path).unwrap();
                // Calls only: `t("key")`, `text("key")`, `with("key", …)`.
                for call in ["t(\"", "text(\"", "with(\""] {
                    for (at, _) in text.match_indices(call) {
                        let before = text[..at].chars().next_back().unwrap_or(' ');
                        let key = text[at + call.len()..].split('"').next().unwrap_or_default();
                        let looks_like_one = key.contains('.') && !key.contains(' ') && !key.contains('/');
                        if !before.is_alphanumeric() && before != '_' && looks_like_one {
                            named += 1;
                            assert!(EN.contains_key(key), "{} names {key}", path.display());
                        }
                    }
                }
            }
        }
        assert!(named > 60, "{named} texts are named");
    }
}
