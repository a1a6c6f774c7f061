//! How many messages wait for one client. The library does not tell, but what it was given and what it wrote do.

use std::{
    pin::pin,
    sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
};

use tokio::sync::Notify;

/// What separates the packets of an answer to polling.
const SEPARATOR: u8 = 0x1e;
/// How a packet of Engine.IO begins that carries a message.
const MESSAGE: u8 = b'4';
/// How a frame begins that carries a whole text.
const TEXT: u8 = 0x81;

/// The messages that the library was given for one client and has not written yet. The few that it makes by itself, to open and to
/// connect, are counted when they are written only.
#[derive(Default)]
pub struct Backlog {
    balance: AtomicI64,
    /// Whether nobody takes anything any more.
    over: AtomicBool,
    fewer: Notify,
    /// How many wait for that. Telling nobody costs more than to look whether there is anybody, and happens with each delivery. For whoever
    /// begins to wait not to be missed, what they look at and this are written and read in one order that is the same for all.
    waiters: AtomicUsize,
}

/// Counts among those who wait.
struct Waiter<'a>(&'a AtomicUsize);

impl<'a> Waiter<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Backlog {
    /// Adds one that the library gets; gives how many wait now.
    pub fn add(&self) -> usize {
        waiting(self.balance.fetch_add(1, Ordering::SeqCst) + 1)
    }

    /// Takes away as many as were written, or not taken after all.
    pub fn remove(&self, count: usize) {
        self.balance.fetch_sub(i64::try_from(count).unwrap_or(i64::MAX), Ordering::SeqCst);
        self.tell();
    }

    /// Begins anew: the library took nothing before now.
    pub fn clear(&self) {
        self.balance.store(0, Ordering::SeqCst);
        self.over.store(false, Ordering::SeqCst);
        self.tell();
    }

    /// Nobody takes anything any more, so there is nothing to wait for.
    pub fn end(&self) {
        self.over.store(true, Ordering::SeqCst);
        self.tell();
    }

    fn tell(&self) {
        if self.waiters.load(Ordering::SeqCst) > 0 {
            self.fewer.notify_waiters();
        }
    }

    /// How many wait.
    pub fn count(&self) -> usize {
        waiting(self.balance.load(Ordering::SeqCst))
    }

    /// Waits until no more than `most` do.
    pub async fn until_at_most(&self, most: usize) {
        let enough = || self.count() <= most || self.over.load(Ordering::SeqCst);
        if enough() {
            return;
        }
        let _waiter = Waiter::new(&self.waiters);
        loop {
            let mut fewer = pin!(self.fewer.notified());
            // Looked at only after whoever removes some can be heard.
            fewer.as_mut().enable();
            if enough() {
                return;
            }
            fewer.await;
        }
    }
}

fn waiting(balance: i64) -> usize {
    usize::try_from(balance).unwrap_or(0)
}

/// The messages in an answer to polling.
pub fn in_answer(body: &[u8]) -> usize {
    body.split(|byte| *byte == SEPARATOR).filter(|packet| packet.first() == Some(&MESSAGE)).count()
}

/// Counts the messages in what a WebSocket sends, in whatever pieces that goes out. A server sends each packet in one frame, and
/// masks none.
#[derive(Default)]
pub struct Outgoing {
    /// The beginning of a frame's head that was cut off.
    head: Vec<u8>,
    /// What is to come of what the frame carries.
    left: usize,
}

impl Outgoing {
    /// How many messages begin in the piece that comes next.
    pub fn count(&mut self, mut piece: &[u8]) -> usize {
        let mut messages = 0;
        while !piece.is_empty() {
            let passed = self.left.min(piece.len());
            (self.left, piece) = (self.left - passed, &piece[passed..]);
            let cut = self.head.len();
            if cut > 0 {
                self.head.extend_from_slice(&piece[..piece.len().min(LONGEST_HEAD - cut)]);
            }
            let bytes = if cut > 0 { self.head.as_slice() } else { piece };
            if let Some(Head { length, carries, message }) = Head::read(bytes) {
                messages += usize::from(message);
                (self.left, piece) = (carries, &piece[length - cut..]);
                self.head.clear();
            } else {
                if cut == 0 {
                    self.head.extend_from_slice(piece);
                }
                break;
            }
        }
        messages
    }
}

/// The longest head of a frame.
const LONGEST_HEAD: usize = 10;

struct Head {
    length: usize,
    /// Bytes that follow it.
    carries: usize,
    message: bool,
}

impl Head {
    /// The head with which `bytes` begin, if it is whole.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (length, carries) = match *bytes {
            [_, carries @ 0..=125, ..] => (2, carries.into()),
            [_, 126, high, low, ..] => (4, u16::from_be_bytes([high, low]).into()),
            [_, 127, ref rest @ ..] => (LONGEST_HEAD, usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?),
            _ => return None,
        };
        // The engine's own packets have one letter.
        Some(Self { length, carries, message: bytes[0] == TEXT && carries > 1 })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn frame(kind: u8, length: usize) -> Vec<u8> {
        let mut frame = vec![kind];
        match length {
            0..126 => frame.push(length.try_into().unwrap()),
            126..0x1_0000 => {
                frame.push(126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.resize(frame.len() + length, b'4');
        frame
    }

    #[test]
    fn messages_are_counted_in_whatever_pieces_they_go_out() {
        let lengths = [2, 125, 126, 700, 70_000];
        let sent: Vec<u8> =
            lengths.into_iter().flat_map(|length| [frame(TEXT, length), frame(TEXT, 1), frame(0x8a, 60)].concat()).collect();
        for size in [1, 2, 3, 64, 1000, sent.len()] {
            let mut outgoing = Outgoing::default();
            assert_eq!(sent.chunks(size).map(|piece| outgoing.count(piece)).sum::<usize>(), lengths.len(), "in pieces of {size}");
        }
    }

    #[test]
    fn an_answer_to_polling_may_carry_several_and_what_the_engine_says_itself() {
        assert_eq!(in_answer(b"2\x1e42[\"typing\",{}]\x1e430[{\"ok\":true}]\x1e6"), 2);
        assert_eq!((in_answer(b"ok"), in_answer(b"")), (0, 0));
    }

    #[test]
    fn what_was_not_given_by_us_is_not_owed_to_us() {
        let backlog = Backlog::default();
        backlog.remove(2);
        assert_eq!(backlog.count(), 0);
        backlog.clear();
        assert_eq!((backlog.add(), backlog.add()), (1, 2));
        backlog.remove(1);
        assert_eq!(backlog.count(), 1);
    }

    #[tokio::test]
    async fn whoever_waits_for_the_client_goes_on_once_it_has_taken_enough_or_is_gone() {
        let backlog = Backlog::default();
        for _ in 0..3 {
            backlog.add();
        }
        backlog.until_at_most(3).await;
        for let_go in [|backlog: &Backlog| backlog.remove(1), Backlog::end, |backlog: &Backlog| backlog.clear()] {
            let mut waiting = pin!(backlog.until_at_most(backlog.count().saturating_sub(1)));
            assert!(waiting.as_mut().now_or_never().is_none());
            let_go(&backlog);
            assert!(waiting.now_or_never().is_some());
            backlog.over.store(false, Ordering::SeqCst);
            backlog.add();
        }
    }
}
