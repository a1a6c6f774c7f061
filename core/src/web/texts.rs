//! What pages say, in every language: `core/web/texts/`, which the server and the front end share.

use std::{collections::HashMap, sync::LazyLock};

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

    /// The text called `key`; the key itself if there is none, which a test excludes.
    pub fn text(self, key: &str) -> &str {
        let catalogue: &'static HashMap<String, String> = match self {
            Self::En => &EN,
            Self::De => &DE,
        };
        catalogue.get(key).map_or(key, String::as_str)
    }

    /// The text called `key` with `value` in place of `{name}`.
    pub fn with(self, key: &str, name: &str, value: &str) -> String {
        self.text(key).replace(&format!("{{{name}}}"), value)
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
