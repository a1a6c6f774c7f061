//! Finding and replacing in what people write.

use std::ops::Range;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// What breaks a rule: where it stands, and what it is called.
#[derive(Debug, PartialEq)]
pub struct Finding {
    pub place: Range<usize>,
    pub name: String,
}

/// The text with every finding replaced. They are in order and do not overlap.
pub fn replace(text: &str, findings: &[Finding], by: impl Fn(&str) -> String) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut end = 0;
    for Finding { place, .. } in findings {
        replaced.push_str(&text[end..place.start]);
        replaced.push_str(&by(&text[place.clone()]));
        end = place.end;
    }
    replaced.push_str(&text[end..]);
    replaced
}

/// A word in the form in which words are compared: without accents, case, width and what cannot be seen.
pub fn folded(word: &str) -> String {
    word.nfkd().filter(|c| !is_combining_mark(*c) && !is_hidden(*c)).flat_map(char::to_lowercase).collect()
}

/// Whether a character can be part of a word without ending it.
pub fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c) || is_hidden(c)
}

/// Characters that a reader does not see, with which a word is easily cut in two.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::{Finding, folded, replace};

    #[test]
    fn words_that_look_the_same_are_the_same() {
        for word in ["BAD", "bàd", "ｂａｄ", "b\u{200b}a\u{ad}d", "ba\u{301}d", "𝐛𝐚𝐝"] {
            assert_eq!(folded(word), "bad", "{word}");
        }
        assert_eq!(folded("Straße"), "straße");
    }

    #[test]
    fn findings_are_replaced_and_the_rest_stays() {
        let findings = [(0, 1), (5, 7)].map(|(start, end)| Finding { place: start..end, name: String::new() });
        assert_eq!(replace("a bcdé f", &findings, str::to_uppercase), "A bcdÉ f");
        assert_eq!(replace("abc", &[], |_| String::new()), "abc");
    }
}
