//! A stranger's look at a stored file: the container is well-formed to its last byte, nothing follows, and everything in it is needed
//! to show it. Written without a look at how the server reads files.

use super::{CANARY, Kind, crc, place};

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub kind: Kind,
    pub width: u32,
    pub height: u32,
    pub frames: usize,
    /// As EXIF counts; 1 where nothing is said.
    pub orientation: u16,
}

/// Pixels of a picture.
const LARGEST: u64 = 50_000_000;

type Found<T> = Result<T, String>;

/// What the file says of itself, or what is wrong with it.
pub fn audit(bytes: &[u8]) -> Found<Facts> {
    let contains = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    let kind = kind(bytes).ok_or("no known kind")?;
    if kind != Kind::Pdf && (contains(CANARY.as_bytes()) || contains(&place())) {
        return Err("something private is still there".to_owned());
    }
    let mut facts = Facts { kind, width: 0, height: 0, frames: 0, orientation: 1 };
    match kind {
        Kind::Png => png(bytes, &mut facts)?,
        Kind::Jpeg => jpeg(bytes, &mut facts)?,
        Kind::Gif => gif(bytes, &mut facts)?,
        Kind::Webp => webp(bytes, &mut facts)?,
        Kind::Pdf if ends(bytes) => return Ok(facts),
        Kind::Pdf => return Err("it does not end where a PDF does".to_owned()),
    }
    let pixels = u64::from(facts.width) * u64::from(facts.height);
    if pixels == 0 || pixels > LARGEST || facts.frames > 512 {
        return Err(format!("it is too large, or too small: {facts:?}"));
    }
    Ok(facts)
}

/// The kind by the first bytes.
pub fn kind(bytes: &[u8]) -> Option<Kind> {
    let is = |magic: &[u8]| bytes.starts_with(magic);
    match bytes {
        _ if is(b"\x89PNG\r\n\x1a\n") => Some(Kind::Png),
        _ if is(b"\xff\xd8\xff") => Some(Kind::Jpeg),
        _ if is(b"GIF87a") || is(b"GIF89a") => Some(Kind::Gif),
        _ if is(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") => Some(Kind::Webp),
        _ if is(b"%PDF-1.") || is(b"%PDF-2.") => Some(Kind::Pdf),
        _ => None,
    }
}

/// Whether a PDF ends with the mark of its end, and nothing but white space behind it.
fn ends(pdf: &[u8]) -> bool {
    let last = pdf.iter().rposition(|byte| !b"\0\t\n\x0c\r ".contains(byte));
    last.is_some_and(|last| pdf[..=last].ends_with(b"%%EOF"))
}

fn png(bytes: &[u8], facts: &mut Facts) -> Found<()> {
    let mut rest = Rest(&bytes[8..]);
    let mut first = true;
    loop {
        let length = usize::try_from(u32::from_be_bytes(rest.take()?)).unwrap();
        let body = rest.bytes(length + 4)?;
        let (name, data) = body.split_at(4);
        if u32::from_be_bytes(rest.take()?) != crc(body) {
            return Err(format!("checksum of {}", name.escape_ascii()));
        }
        match name {
            b"IHDR" if first => (facts.width, facts.height) = (be32(data, 0)?, be32(data, 4)?),
            _ if first => return Err("no header".to_owned()),
            b"IDAT" => facts.frames = facts.frames.max(1),
            b"fcTL" => within(facts, be32(data, 4)?, be32(data, 8)?)?,
            b"eXIf" => facts.orientation = only_orientation(data)?,
            b"PLTE" | b"tRNS" | b"cHRM" | b"gAMA" | b"sRGB" | b"iCCP" | b"sBIT" | b"bKGD" | b"pHYs" | b"hIST" | b"sPLT" | b"cICP"
            | b"mDCV" | b"cLLI" | b"acTL" | b"fdAT" => {}
            b"IEND" => return if facts.frames == 0 { Err("no data".to_owned()) } else { rest.end() },
            _ => return Err(format!("a chunk {}", name.escape_ascii())),
        }
        first = false;
    }
}

fn jpeg(bytes: &[u8], facts: &mut Facts) -> Found<()> {
    let mut rest = Rest(&bytes[2..]);
    loop {
        let [0xff, marker] = rest.take()? else { return Err("no marker".to_owned()) };
        if marker == 0xd9 {
            return if facts.frames == 0 { Err("no picture".to_owned()) } else { rest.end() };
        }
        let length = usize::from(u16::from_be_bytes(rest.take()?));
        let data = rest.bytes(length.checked_sub(2).ok_or("a length below two")?)?;
        match marker {
            0xc4 | 0xcc | 0xdb | 0xdd | 0xe0 | 0xee => {}
            0xe2 if data.starts_with(b"ICC_PROFILE\0") => {}
            0xe1 if data.starts_with(b"Exif\0\0") => facts.orientation = only_orientation(&data[6..])?,
            0xc0..=0xcf if facts.width == 0 => {
                let size =
                    |at: usize| data.get(at..at + 2).map(|two| u32::from(u16::from_be_bytes([two[0], two[1]]))).ok_or("a short frame");
                (facts.height, facts.width) = (size(1)?, size(3)?);
            }
            0xda if facts.width > 0 => {
                facts.frames = 1;
                rest.skip_scan();
            }
            _ => return Err(format!("a segment {marker:02x}")),
        }
    }
}

fn gif(bytes: &[u8], facts: &mut Facts) -> Found<()> {
    let mut rest = Rest(&bytes[6..]);
    let screen: [u8; 7] = rest.take()?;
    (facts.width, facts.height) = (le16(&screen, 0), le16(&screen, 2));
    rest.colours(screen[4])?;
    loop {
        match rest.take()? {
            [0x21] => {
                let [label] = rest.take()?;
                let chain = rest.chain()?;
                let animates = chain.starts_with(b"NETSCAPE2.0") || chain.starts_with(b"ANIMEXTS1.0") || chain.starts_with(b"ICCRGBG1012");
                if !(matches!(label, 0xf9 | 0x01) || label == 0xff && animates) {
                    return Err(format!("an extension {label:02x}"));
                }
            }
            [0x2c] => {
                let frame: [u8; 9] = rest.take()?;
                within(facts, le16(&frame, 0) + le16(&frame, 4), le16(&frame, 2) + le16(&frame, 6))?;
                rest.colours(frame[8])?;
                rest.bytes(1)?;
                rest.chain()?;
            }
            [0x3b] => return if facts.frames == 0 { Err("no picture".to_owned()) } else { rest.end() },
            [other] => return Err(format!("a block {other:02x}")),
        }
    }
}

fn webp(bytes: &[u8], facts: &mut Facts) -> Found<()> {
    let mut rest = Rest(&bytes[4..]);
    if usize::try_from(u32::from_le_bytes(rest.take()?)).unwrap() != bytes.len() - 8 {
        return Err("the container's length".to_owned());
    }
    rest.bytes(4)?;
    let mut flags = None;
    while !rest.0.is_empty() {
        let name: [u8; 4] = rest.take()?;
        let length = usize::try_from(u32::from_le_bytes(rest.take()?)).unwrap();
        let data = rest.bytes(length)?;
        rest.bytes(length % 2)?;
        match &name {
            b"VP8X" => {
                flags = data.first().copied();
                (facts.width, facts.height) = (le24(data, 4)? + 1, le24(data, 7)? + 1);
            }
            b"VP8 " | b"VP8L" => {
                let (width, height) = webp_size(&name, data)?;
                if flags.is_none() {
                    (facts.width, facts.height) = (width, height);
                }
                within(facts, width, height)?;
            }
            b"ANMF" => {
                // One that is larger than the whole is shown by nobody; it must not be a flood.
                let size = [le24(data, 6)?, le24(data, 9)?].map(|size| u64::from(size) + 1);
                facts.frames += 1;
                if size[0] * size[1] > LARGEST {
                    return Err(format!("a frame of {size:?}"));
                }
            }
            b"EXIF" => facts.orientation = only_orientation(data)?,
            b"ALPH" | b"ANIM" | b"ICCP" => {}
            // What was removed leaves its room.
            _ if data.iter().all(|byte| *byte == 0) => {}
            _ => return Err(format!("a chunk {}", name.escape_ascii())),
        }
    }
    let said = flags.unwrap_or(0) & 0x0c;
    // The flag of XMP must be off. That of EXIF may be on or off where nothing but the orientation is left to announce.
    if facts.frames == 0 || said & 0x04 != 0 {
        return Err(format!("its flags are {said:02x} with {facts:?}"));
    }
    Ok(())
}

fn webp_size(name: &[u8; 4], data: &[u8]) -> Found<(u32, u32)> {
    if name == b"VP8L" {
        let bits = u32::from_le_bytes(data.get(1..5).ok_or("a short picture")?.try_into().unwrap());
        return Ok(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1));
    }
    let size = data.get(6..10).ok_or("a short picture")?;
    Ok((le16(size, 0) & 0x3fff, le16(size, 2) & 0x3fff))
}

/// One more frame, which must not be larger than the whole.
fn within(facts: &mut Facts, right: u32, bottom: u32) -> Found<()> {
    facts.frames += 1;
    if right > facts.width || bottom > facts.height {
        return Err(format!("a frame of {right} × {bottom} in {facts:?}"));
    }
    Ok(())
}

/// The orientation of an EXIF block that says nothing else.
fn only_orientation(tiff: &[u8]) -> Found<u16> {
    let (said, room) = tiff.split_at(tiff.len().min(8 + 2 + 12 + 4));
    if room.iter().any(|byte| *byte != 0) {
        return Err("EXIF says more than how to turn the picture".to_owned());
    }
    if said.iter().all(|byte| *byte == 0) {
        return Ok(1);
    }
    let big = said.starts_with(b"MM\0\x2a\0\0\0\x08");
    if !big && !said.starts_with(b"II\x2a\0\x08\0\0\0") {
        return Err("no EXIF".to_owned());
    }
    let number = |at: usize| {
        let two = said.get(at..at + 2)?.try_into().ok()?;
        Some(if big { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) })
    };
    match (number(8), number(10), number(18)) {
        (Some(1), Some(0x0112), Some(orientation @ 1..=8)) => Ok(orientation),
        _ => Err("EXIF says more than how to turn the picture".to_owned()),
    }
}

fn be32(data: &[u8], at: usize) -> Found<u32> {
    data.get(at..at + 4).map(|four| u32::from_be_bytes(four.try_into().unwrap())).ok_or("a short chunk".to_owned())
}

fn le16(data: &[u8], at: usize) -> u32 {
    u32::from(u16::from_le_bytes([data[at], data[at + 1]]))
}

fn le24(data: &[u8], at: usize) -> Found<u32> {
    data.get(at..at + 3).map(|three| u32::from_le_bytes([three[0], three[1], three[2], 0])).ok_or("a short chunk".to_owned())
}

/// What is not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn bytes(&mut self, count: usize) -> Found<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or("it ends too soon")?;
        self.0 = rest;
        Ok(taken)
    }

    fn take<const N: usize>(&mut self) -> Found<[u8; N]> {
        Ok(self.bytes(N)?.try_into().unwrap())
    }

    fn end(&self) -> Found<()> {
        if self.0.is_empty() { Ok(()) } else { Err(format!("{} bytes follow", self.0.len())) }
    }

    /// To the next marker that does not belong to the scan.
    fn skip_scan(&mut self) {
        let ends = |two: &[u8]| two[0] == 0xff && !matches!(two[1], 0 | 0xd0..=0xd7 | 0xff);
        let end = self.0.windows(2).position(ends).unwrap_or(self.0.len());
        self.0 = &self.0[end..];
    }

    fn colours(&mut self, flags: u8) -> Found<()> {
        if flags & 0x80 != 0 {
            self.bytes(3 << ((flags & 7) + 1))?;
        }
        Ok(())
    }

    fn chain(&mut self) -> Found<Vec<u8>> {
        let mut chain = Vec::new();
        loop {
            let [length] = self.take()?;
            if length == 0 {
                return Ok(chain);
            }
            chain.extend_from_slice(self.bytes(usize::from(length))?);
        }
    }
}
