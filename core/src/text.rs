//! What people type: characters that hide or reorder what is seen.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Controls that reorder the text around them, so that it reads differently than it is.
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters that show nothing: white space and what is hidden.
pub fn is_invisible(c: char) -> bool {
    c.is_whitespace() || is_hidden(c)
}

/// Whether more than `most` combining marks stand in a row, which draws over the lines around.
pub fn has_stacked_marks(text: &str, most: usize) -> bool {
    let mut run = 0;
    text.chars().any(|c| {
        run = if is_combining_mark(c) { run + 1 } else { 0 };
        run > most
    })
}

/// The longest name of a person, in characters.
pub const MAX_NAME: usize = 64;
/// How many combining marks may follow each other in a name; Vietnamese needs two, other scripts three or four.
const MAX_MARKS: usize = 4;

/// Characters that a reader of a name cannot see: controls, line separators, direction marks, zero-width and filler
/// characters, tags and non-characters.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || u32::from(c) & 0xfffe == 0xfffe
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether `name` can stand for a person: 1 to 64 characters, none of them hidden, at most four marks on one of them, and
/// not a name of the server or of a bot. HTML is as good as anything else: escaping is the business of whoever shows it.
pub fn is_name(name: &str) -> bool {
    (1..=MAX_NAME).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(is_hidden)
        && !has_stacked_marks(name, MAX_MARKS)
        && !is_reserved(name)
}

/// `text` as one line of at most `most` characters: hidden characters and marks beyond the fourth are left out, white space
/// becomes single spaces. May be empty.
pub fn one_line(text: &str, most: usize) -> String {
    let (mut line, mut length, mut marks, mut space) = (String::new(), 0, 0, false);
    for c in text.chars() {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        if c.is_whitespace() {
            space = !line.is_empty();
        } else if !is_hidden(c) && marks <= MAX_MARKS {
            if length + 1 + usize::from(space) > most {
                break;
            }
            if std::mem::take(&mut space) {
                line.push(' ');
                length += 1;
            }
            line.push(c);
            length += 1;
        }
    }
    line
}

/// A name as people may mistake it for another: compatibility forms and capitals count as what they look like.
pub fn name_key(name: &str) -> String {
    name.nfkc().flat_map(char::to_lowercase).collect()
}

/// A name from elsewhere, made fit for a person; none if nothing of it is left, or if it is not to be had.
pub fn name_from(text: &str) -> Option<String> {
    Some(one_line(text, MAX_NAME)).filter(|name| is_name(name))
}

/// Names of the server itself, of its bot, and the prefix that marks bots; compatibility forms count as what they look like.
fn is_reserved(name: &str) -> bool {
    let key = name_key(name);
    matches!(key.as_str(), "system" | "openclaw") || key.starts_with("bot:")
}
