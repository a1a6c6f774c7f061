//! What a poll says, and what people voted.

use std::collections::BTreeSet;

use openclaw_sdk::{Message, escape_markdown};

use super::Poll;

/// The emoji of a digit.
pub fn digit(number: usize) -> String {
    format!("{number}\u{fe0f}\u{20e3}")
}

pub fn open(poll: &Poll) -> String {
    format!("{}\n\nVote with a number below.", head(poll))
}

pub fn closed(poll: &Poll) -> String {
    format!("{}\n\nThis poll is closed.", head(poll))
}

fn head(poll: &Poll) -> String {
    let line = |(number, option): (usize, &String)| format!("{} {}", digit(number), escape_markdown(option));
    let options: Vec<_> = (1..).zip(&poll.options).map(line).collect();
    format!("📊 {} asks: **{}**\n\n{}", escape_markdown(&poll.by_name), escape_markdown(&poll.question), options.join("\n"))
}

/// How many people put each number on the message. The bot's own, which is there to be clicked on, is no vote.
pub fn count(poll: &Poll, message: &Message) -> Vec<usize> {
    let voters = |number| {
        let reactions = message.reactions.iter().filter(|reaction| is_same(&reaction.emoji, &digit(number)));
        let voters = reactions.flat_map(|reaction| &reaction.member_ids).filter(|id| **id != message.author.id);
        voters.collect::<BTreeSet<_>>().len()
    };
    (1..=poll.options.len()).map(voters).collect()
}

/// Some devices leave out the mark that says that a character is to be shown as a picture.
fn is_same(one: &str, other: &str) -> bool {
    let plain = |text: &str| text.replace('\u{fe0f}', "");
    plain(one) == plain(other)
}

/// Every option with its votes, and who won.
pub fn result(poll: &Poll, votes: &[usize]) -> String {
    let line = |((number, option), votes): ((usize, &String), &usize)| {
        let unit = if *votes == 1 { "vote" } else { "votes" };
        format!("{} {}: {votes} {unit}", digit(number), escape_markdown(option))
    };
    let options: Vec<_> = (1..).zip(&poll.options).zip(votes).map(line).collect();
    format!("📊 **{}**\n\n{}\n\n{}", escape_markdown(&poll.question), options.join("\n"), outcome(poll, votes))
}

fn outcome(poll: &Poll, votes: &[usize]) -> String {
    let most = votes.iter().copied().max().unwrap_or_default();
    let winners: Vec<_> =
        poll.options.iter().zip(votes).filter(|(_, votes)| **votes == most).map(|(option, _)| escape_markdown(option)).collect();
    match winners.as_slice() {
        _ if most == 0 => "Nobody voted.".to_owned(),
        [winner] => format!("**{winner}** wins."),
        [others @ .., last] => format!("A tie between **{}** and **{last}**.", others.join("**, **")),
        [] => String::new(),
    }
}
