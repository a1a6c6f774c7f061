//! A Socket.IO client over WebSocket that costs as little as possible: it looks at the first bytes of a packet and counts. The same
//! for every server that is measured.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::{net::TcpStream, sync::oneshot, task::JoinHandle};

use crate::Outcome;

/// Read at once.
const CHUNK: usize = 16 << 10;

/// A connected client. What it hears goes to the closure that it was connected with.
pub struct Socket {
    wire: Arc<Wire>,
    reader: JoinHandle<()>,
}

struct Wire {
    stream: TcpStream,
    next: AtomicU32,
    asked: Mutex<HashMap<u32, oneshot::Sender<Vec<u8>>>>,
}

/// What was read and not yet understood.
type Rest = Vec<u8>;

impl Socket {
    /// Connects with these headers (each with its line end). `heard` is called for every event, with its name and what it carries as
    /// they stand in the packet: `["message:new",{…}]`.
    pub async fn connect(addr: SocketAddr, headers: &str, mut heard: impl FnMut(&[u8]) + Send + 'static) -> Outcome<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        let wire = Arc::new(Wire { stream, next: AtomicU32::new(0), asked: Mutex::default() });
        let mut rest = Rest::new();
        wire.upgrade(headers, &mut rest).await?;
        // The server speaks first: what the connection is like. Then one asks for the namespace.
        wire.next_packet(&mut rest, b"0").await?;
        wire.send(b"40").await?;
        wire.next_packet(&mut rest, b"40").await?;
        let reading = Arc::clone(&wire);
        let reader = tokio::spawn(async move {
            // However it ends, who still asks learns it by the answer that does not come.
            let _ = reading.listen(rest, &mut heard).await;
            reading.asked.lock().unwrap_or_else(PoisonError::into_inner).clear();
        });
        Ok(Self { wire, reader })
    }

    /// Sends an event (`["message:send",{…}]`) and gives its acknowledgement.
    pub async fn ask(&self, event: &str) -> Outcome<Vec<u8>> {
        let id = self.wire.next.fetch_add(1, Ordering::Relaxed);
        let (tell, told) = oneshot::channel();
        self.wire.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(id, tell);
        self.wire.send(format!("42{id}{event}").as_bytes()).await?;
        let answer = told.await.map_err(|_| "the server closed the connection")?;
        if answer.windows(10).any(|piece| piece == b"\"ok\":false") {
            return Err(format!("refused: {}", String::from_utf8_lossy(&answer)).into());
        }
        Ok(answer)
    }

    /// Sends an event so many times in one go, and wants no acknowledgement.
    pub async fn tell(&self, event: &str, times: usize) -> Outcome {
        self.wire.write(&frame_of(format!("42{event}").as_bytes())?.repeat(times)).await
    }

    /// Whether the server is still there.
    pub fn is_open(&self) -> bool {
        !self.reader.is_finished()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Wire {
    async fn upgrade(&self, headers: &str, rest: &mut Rest) -> Outcome {
        let request = format!(
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n"
        );
        self.write(request.as_bytes()).await?;
        loop {
            if let Some(end) = rest.windows(4).position(|four| four == b"\r\n\r\n") {
                if !rest.starts_with(b"HTTP/1.1 101") {
                    return Err(format!("no upgrade: {}", String::from_utf8_lossy(rest)).into());
                }
                rest.drain(..end + 4);
                return Ok(());
            }
            self.fill(rest).await?;
        }
    }

    /// Waits for a packet that begins like this.
    async fn next_packet(&self, rest: &mut Rest, start: &[u8]) -> Outcome {
        loop {
            if let Some((payload, end)) = frame(rest)? {
                let packet = rest[payload].to_vec();
                rest.drain(..end);
                match packet[..] {
                    // Some servers ask at once whether one is still there.
                    [b'2'] => self.send(b"3").await?,
                    _ if packet.starts_with(start) => return Ok(()),
                    _ => return Err(format!("refused: {}", String::from_utf8_lossy(&packet)).into()),
                }
            } else {
                self.fill(rest).await?;
            }
        }
    }

    async fn listen(&self, mut rest: Rest, heard: &mut (impl FnMut(&[u8]) + Send)) -> Outcome {
        loop {
            let mut at = 0;
            let mut pongs = 0;
            while let Some((payload, end)) = frame(&rest[at..])? {
                pongs += self.take(&rest[at..][payload], heard)?;
                at += end;
            }
            rest.drain(..at);
            for _ in 0..pongs {
                self.send(b"3").await?;
            }
            if rest.is_empty() {
                // Ten thousand clients that wait need no buffers.
                rest = Rest::new();
            }
            self.fill(&mut rest).await?;
        }
    }

    /// Handles a packet; gives how many pongs it asks for.
    fn take(&self, packet: &[u8], heard: &mut impl FnMut(&[u8])) -> Outcome<u32> {
        match packet {
            [b'4', b'2', event @ ..] => heard(event),
            [b'4', b'3', answer @ ..] => self.answered(answer)?,
            [b'2'] => return Ok(1),
            [b'4', b'1', ..] | [b'1'] => return Err("the server said goodbye".into()),
            _ => {}
        }
        Ok(0)
    }

    fn answered(&self, answer: &[u8]) -> Outcome {
        let digits = answer.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let id: u32 = str::from_utf8(&answer[..digits])?.parse()?;
        if let Some(tell) = self.asked.lock().unwrap_or_else(PoisonError::into_inner).remove(&id) {
            // Who asked may have gone.
            let _ = tell.send(answer[digits..].to_vec());
        }
        Ok(())
    }

    /// Sends a packet as one frame.
    async fn send(&self, packet: &[u8]) -> Outcome {
        self.write(&frame_of(packet)?).await
    }

    /// Writes everything. What goes out here is small enough to fit at once, so that two senders do not get into each other's way.
    async fn write(&self, bytes: &[u8]) -> Outcome {
        loop {
            self.stream.writable().await?;
            match self.stream.try_write(bytes) {
                Ok(count) if count == bytes.len() => return Ok(()),
                Ok(_) => return Err("a small packet did not fit".into()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn fill(&self, rest: &mut Rest) -> Outcome {
        loop {
            self.stream.readable().await?;
            match self.read(rest) {
                Ok(0) => return Err("the server closed the connection".into()),
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn read(&self, rest: &mut Rest) -> io::Result<usize> {
        let mut chunk = [0; CHUNK];
        let count = self.stream.try_read(&mut chunk)?;
        rest.extend_from_slice(&chunk[..count]);
        Ok(count)
    }
}

/// The frame that carries a packet. Clients have to mask; a mask of zeros is one, too, and costs nothing.
fn frame_of(packet: &[u8]) -> Outcome<Vec<u8>> {
    let mut frame = Vec::with_capacity(packet.len() + 8);
    frame.push(0x81);
    if let Ok(length @ 0..126) = u8::try_from(packet.len()) {
        frame.push(0x80 | length);
    } else {
        frame.push(0x80 | 0x7e);
        frame.extend(u16::try_from(packet.len())?.to_be_bytes());
    }
    frame.extend([0; 4]);
    frame.extend(packet);
    Ok(frame)
}

/// The first whole frame in `bytes`: where what it carries is, and where the next one begins. Servers do not mask.
fn frame(bytes: &[u8]) -> Outcome<Option<(std::ops::Range<usize>, usize)>> {
    let [first, second, ..] = *bytes else { return Ok(None) };
    let (head, length) = match second {
        126 => (4, bytes.get(2..4).map(|length| usize::from(u16::from_be_bytes([length[0], length[1]])))),
        127 => (10, bytes.get(2..10).and_then(|length| usize::try_from(u64::from_be_bytes(length.try_into().ok()?)).ok())),
        length => (2, Some(usize::from(length))),
    };
    match first {
        0x81 => {}
        0x88 => return Err("the server closed the WebSocket".into()),
        _ => return Err(format!("an unexpected frame: {first:#x}").into()),
    }
    Ok(length.filter(|length| bytes.len() >= head + length).map(|length| (head..head + length, head + length)))
}
