//! Putting text into Markdown.

/// `text` on one line, with everything escaped that would mean something in Markdown: for names and other words of people within what
/// a bot says. An address in it stays an address.
///
/// ```
/// # use openclaw_sdk::escape_markdown;
/// assert_eq!(escape_markdown("*Ann*\n[x](/y) Zoë-Marie 👋"), r"\*Ann\* \[x\](/y) Zoë-Marie 👋");
/// assert_eq!(escape_markdown("# 1."), r"\# 1.");
/// assert_eq!(escape_markdown("1. place"), r"1\. place");
/// ```
pub fn escape_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut number = true;
    for (at, c) in text.char_indices() {
        let begins_block = match c {
            '#' | '+' | '-' | '=' => at == 0,
            '.' | ')' => number && at > 0,
            _ => false,
        };
        number &= c.is_ascii_digit();
        match c {
            c if c.is_control() => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '~' | '|' | '&' => out.extend(['\\', c]),
            c if begins_block => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}
