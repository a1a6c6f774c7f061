//! Words that are not to be said.

use crate::text::{Finding, folded, is_part_of_word};

/// All of them.
#[derive(Debug)]
pub struct Words(Vec<Pattern>);

#[derive(Debug)]
struct Pattern {
    /// As the operator wrote it.
    name: String,
    folded: String,
    /// Whether any letters may stand before or after it.
    open_before: bool,
    open_after: bool,
}

impl Words {
    /// From the words of the setting; a `*` at either end stands for any letters.
    pub fn new(words: &[String]) -> Result<Self, String> {
        words.iter().map(|word| Pattern::new(word)).collect::<Result<_, _>>().map(Self)
    }

    pub fn are_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every one of them in a text, in order.
    pub fn find(&self, text: &str) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.are_empty() {
            return findings;
        }
        let mut start = None;
        // An end that belongs to no word closes the last one.
        for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
            match (start, is_part_of_word(c)) {
                (None, true) => start = Some(at),
                (Some(from), false) => {
                    let word = folded(&text[from..at]);
                    let pattern = self.0.iter().find(|pattern| pattern.is(&word));
                    findings.extend(pattern.map(|pattern| Finding { place: from..at, name: pattern.name.clone() }));
                    start = None;
                }
                _ => {}
            }
        }
        findings
    }
}

impl Pattern {
    fn new(name: &str) -> Result<Self, String> {
        let (open_before, open_after) = (name.starts_with('*'), name.ends_with('*'));
        let text = name.trim_matches('*');
        if text.is_empty() || !text.chars().all(is_part_of_word) {
            return Err(format!("`words` has `{name}` in it, which is no single word of letters and digits"));
        }
        Ok(Self { name: name.to_owned(), folded: folded(text), open_before, open_after })
    }

    fn is(&self, word: &str) -> bool {
        match (self.open_before, self.open_after) {
            (false, false) => word == self.folded,
            (false, true) => word.starts_with(&self.folded),
            (true, false) => word.ends_with(&self.folded),
            (true, true) => word.contains(&self.folded),
        }
    }
}

/// A word that is no longer to be read, as long as it was.
pub fn blacked_out(word: &str) -> String {
    "█".repeat(word.chars().count())
}

#[cfg(test)]
mod tests {
    use super::{Words, blacked_out};
    use crate::text::replace;

    fn words(list: &[&str]) -> Words {
        Words::new(&list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    fn found(list: &[&str], text: &str) -> Vec<String> {
        words(list).find(text).into_iter().map(|finding| finding.name).collect()
    }

    #[test]
    fn only_whole_words_are_meant() {
        let list = ["ass", "Bäh"];
        assert_eq!(found(&list, "Ass, bah! pass assess BÄH"), ["ass", "Bäh", "Bäh"]);
        assert!(found(&list, "class assign basset").is_empty());
        assert!(found(&[], "anything").is_empty());
    }

    #[test]
    fn stars_stand_for_any_letters() {
        assert_eq!(found(&["spam*"], "spam spammer antispam"), ["spam*", "spam*"]);
        assert_eq!(found(&["*spam"], "spam spammer antispam"), ["*spam", "*spam"]);
        assert_eq!(found(&["*spam*"], "spam spammer antispamming"), ["*spam*"; 3]);
    }

    #[test]
    fn marks_and_hidden_characters_do_not_help() {
        let text = "s\u{200b}pam **ＳＰＡＭ** _spåm_";
        assert_eq!(found(&["spam"], text).len(), 3);
        assert_eq!(replace("no spam!", &words(&["spam"]).find("no spam!"), blacked_out), "no ████!");
    }

    #[test]
    fn what_is_no_word_is_refused() {
        for wrong in ["*", "**", "a-b", "a*b", "😀"] {
            let refused = Words::new(&[wrong.to_owned()]).err().unwrap();
            assert_eq!(refused, format!("`words` has `{wrong}` in it, which is no single word of letters and digits"));
        }
    }
}
