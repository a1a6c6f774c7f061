//! Hostile files by the hundred, made by code: none is accepted for what it is not, none harms the server, and whatever is accepted
//! stands up to a stranger's look.

use std::collections::BTreeMap;

use community::random::Random;
use image::ImageReader;

use super::{Backend, Place, files::*, upload, url};
use crate::support::{Client, Db, Form};

/// What must become of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is refused.
    Refused,
    /// It is taken, and can be shown.
    Shown,
    /// It may be taken if it stands up to a look.
    Harmless,
}

/// A name for the report, the fate, the file.
type Case = (String, Fate, Vec<u8>);

/// Well-formed files of every make.
fn good() -> Vec<(&'static str, Pieces)> {
    let picture = picture(24, 18);
    vec![
        ("png", png(&picture)),
        ("private png", private_png(&picture, 6)),
        ("apng", apng(2, 2, 2, 2)),
        ("jpeg", jpeg(&picture)),
        ("private jpeg", private_jpeg(&picture, 3)),
        ("gif", gif(&picture, 2)),
        ("private gif", private_gif(&picture, 2)),
        ("webp", webp(&picture)),
        ("private webp", private_webp(&picture, 8)),
        ("lossy webp", lossy_webp()),
        ("animated webp", webp_frames(2, (1, 1))),
    ]
}

/// Files of kinds that are not taken, and such as almost look like those that are.
pub fn foreign() -> Vec<(&'static str, Vec<u8>)> {
    let mut files: Vec<(&'static str, &[u8])> = vec![
        ("svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"),
        ("svg with a declaration", b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        ("html", b"<!DOCTYPE html><html><script>alert(1)</script></html>"),
        ("html in utf-16", b"\xff\xfe<\0h\0t\0m\0l\0>\0"),
        ("php", b"<?php system($_GET['c']); ?>"),
        ("shell script", b"#!/bin/sh\nrm -rf /\n"),
        ("exe", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0"),
        ("elf", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"),
        ("mach-o", b"\xcf\xfa\xed\xfe\x07\0\0\x01"),
        ("java class", b"\xca\xfe\xba\xbe\0\0\0\x34"),
        ("wasm", b"\0asm\x01\0\0\0"),
        ("bmp", b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0"),
        ("tiff", b"II\x2a\0\x08\0\0\0\0\0\0\0"),
        ("big-endian tiff", b"MM\0\x2a\0\0\0\x08\0\0\0\0"),
        ("ico", b"\0\0\x01\0\x01\0\x10\x10\0\0\x01\0\x18\0"),
        ("psd", b"8BPS\0\x01\0\0\0\0\0\0\0\x03"),
        ("heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
        ("avif", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf"),
        ("mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"),
        ("jpeg 2000", b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 "),
        ("jpeg xl", b"\xff\x0a\xfa\x7f\0\0"),
        ("jpeg xr", b"II\xbc\x01\x20\0\0\0"),
        ("qoi", b"qoif\0\0\0\x01\0\0\0\x01\x03\0"),
        ("wav", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0"),
        ("avi", b"RIFF\x24\0\0\0AVI LIST"),
        ("webx", b"RIFF\x24\0\0\0WEBXVP8 "),
        ("ogg", b"OggS\0\x02\0\0\0\0\0\0\0\0"),
        ("mp3", b"ID3\x03\0\0\0\0\0\x21"),
        ("flac", b"fLaC\0\0\0\x22"),
        ("zip", b"PK\x03\x04\x14\0\0\0\x08\0"),
        ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03"),
        ("bzip2", b"BZh91AY&SY"),
        ("xz", b"\xfd7zXZ\0\0\x04"),
        ("7z", b"7z\xbc\xaf\x27\x1c\0\x04"),
        ("rar", b"Rar!\x1a\x07\x01\0"),
        ("zstd", b"\x28\xb5\x2f\xfd\x04\0"),
        ("postscript", b"%!PS-Adobe-3.0 EPSF-3.0\n"),
        ("rtf", b"{\\rtf1\\ansi hello}"),
        ("swf", b"FWS\x0a\x20\0\0\0"),
        ("sqlite", b"SQLite format 3\0"),
        ("json", b"{\"a\":1}"),
        ("text", b"hello"),
        ("zeros", &[0; 4096]),
        ("one byte", b"\x89"),
        ("png without the line ends", b"\x89PNG\n\n\x1a\n\0\0\0\x0dIHDR"),
        ("png of a bad transfer", b"\x09PNG\r\n\x1a\n\0\0\0\x0dIHDR"),
        ("gif 88", b"GIF88a\x01\0\x01\0\0\0\0;"),
        ("gif in lower case", b"gif89a\x01\0\x01\0\0\0\0;"),
        ("two bytes of jpeg", b"\xff\xd8"),
        ("jpeg without a marker", b"\xff\xd8\0\0\xff\xd9"),
        ("pdf without a version", b"%PDF-"),
        ("pdf of a strange version", b"%PDF-9.9\n"),
        ("pdf after a space", b" %PDF-1.4\n"),
        ("pdf after a line", b"\n%PDF-1.4\n"),
        ("pdf after a mark", b"\xef\xbb\xbf%PDF-1.4\n"),
        ("pdf in lower case", b"%pdf-1.4\n"),
        ("fdf", b"%FDF-1.2\n"),
    ];
    let late_pdf = [vec![b' '; 1000], pdf().whole()].concat();
    let late_png = [vec![0; 16], png(&picture(2, 2)).whole()].concat();
    files.extend([("pdf further on", &late_pdf[..]), ("png further on", &late_png)]);
    files.into_iter().map(|(what, bytes)| (what, bytes.to_vec())).collect()
}

/// Cut at every joint and between.
fn truncations() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, file) in good() {
        let last = file.pieces.len();
        for (count, bytes) in file.truncations() {
            // A scan that ends early is common, and shows what there is.
            let scan = file.kind == Kind::Jpeg && count + 2 >= last;
            cases.push((
                format!("{name} cut after {count} pieces, at {}", bytes.len()),
                if scan { Fate::Harmless } else { Fate::Refused },
                bytes,
            ));
        }
    }
    for (count, bytes) in pdf().truncations() {
        cases.push((format!("pdf cut after {count} pieces, at {}", bytes.len()), Fate::Refused, bytes));
    }
    cases
}

/// Two files in one: something else behind a picture, or in a place for words.
fn polyglots() -> Vec<Case> {
    let behind: [(&str, Vec<u8>); 6] = [
        ("a page", format!("<html><script>{CANARY}</script></html>").into_bytes()),
        ("an archive", format!("PK\x03\x04\x14{CANARY}PK\x05\x06{}", "\0".repeat(18)).into_bytes()),
        ("a script", format!("*/=1;{CANARY}//").into_bytes()),
        ("a pdf", [b"%PDF-1.7\n".to_vec(), CANARY.as_bytes().to_vec()].concat()),
        ("a picture", private_png(&picture(3, 3), 1).whole()),
        ("much", [CANARY.as_bytes().to_vec(), vec![0; 200_000]].concat()),
    ];
    let mut cases = Vec::new();
    for (name, file) in good() {
        for (what, more) in &behind {
            cases.push((format!("{name} with {what} behind it"), Fate::Shown, [file.whole(), more.clone()].concat()));
        }
    }
    let page = format!("<script>{CANARY}</script>");
    cases.push((
        "jpeg with a page as a comment".to_owned(),
        Fate::Shown,
        jpeg(&picture(8, 8)).with(1, vec![segment(0xfe, page.as_bytes())]).whole(),
    ));
    cases.push((
        "png with a page as a comment".to_owned(),
        Fate::Shown,
        png(&picture(8, 8)).with(2, vec![chunk(b"tEXt", page.as_bytes())]).whole(),
    ));
    cases.push((
        "gif with a page as a comment".to_owned(),
        Fate::Shown,
        gif(&picture(8, 8), 1).with(1, vec![comment(page.as_bytes())]).whole(),
    ));
    let control = [b"\x21\xf9\x04\0\0\0\0".as_slice(), &[u8::try_from(page.len()).unwrap()], page.as_bytes(), b"\0"].concat();
    cases.push((
        "gif with a page behind how long a frame is shown".to_owned(),
        Fate::Shown,
        gif(&picture(8, 8), 1).with(1, vec![control]).whole(),
    ));
    cases.push(("pdf with a script".to_owned(), Fate::Harmless, scripted_pdf().whole()));
    // Told to be a comment of JavaScript by its size, `GIF89a/*`.
    let mut script = gif(&picture(8, 8), 1);
    script.pieces[0][6..8].copy_from_slice(b"/*");
    cases.push(("gif that is a script".to_owned(), Fate::Harmless, script.whole()));
    cases
}

/// Lengths, sizes and checksums that are not true.
fn lies() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, file) in good() {
        for (number, piece) in file.pieces.iter().enumerate() {
            // Where each format keeps the length of a piece: before the name, behind the marker, behind the name.
            let (at, width) = match file.kind {
                Kind::Png if number > 0 => (0, 4),
                Kind::Jpeg if piece.len() > 4 && piece[0] == 0xff => (2, 2),
                Kind::Webp => (4, 4),
                Kind::Gif if number > 0 && piece.len() > 3 => (if piece[0] == 0x21 { 2 } else { 11 }, 1),
                _ => continue,
            };
            for (what, byte) in [("nothing", 0x00), ("one", 0x01), ("a lot", 0x7f), ("too much", 0xff)] {
                let mut lying = file.clone();
                lying.pieces[number][at..at + width].fill(byte);
                cases.push((format!("{name} whose piece {number} claims {what}"), Fate::Harmless, lying.whole()));
            }
        }
    }
    let container = |length: u32| {
        let mut file = webp(&picture(9, 9)).whole();
        file[4..8].copy_from_slice(&length.to_le_bytes());
        file
    };
    for length in [0, 4, 11, 12, 20, 0x7fff_ffff, 0xffff_fffe, u32::MAX] {
        cases.push((format!("webp whose container claims {length}"), Fate::Refused, container(length)));
    }
    let mut broken = png(&picture(8, 8));
    broken.pieces[1][20] ^= 1;
    cases.push(("png whose header has another checksum".to_owned(), Fate::Refused, broken.whole()));
    let named = |bytes: &[u8; 4]| png(&picture(8, 8)).with(2, vec![chunk(bytes, b"x")]).whole();
    for name in [b"ABCD", b"a\0b\n", b"\xff\xff\xff\xff", b"IHDR", b"IdAT"] {
        cases.push((format!("png with a chunk {}", name.escape_ascii()), Fate::Harmless, named(name)));
    }
    cases
}

/// Little data that promises many pixels, many frames, or many bytes.
fn floods() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut refused = |what: String, file: Pieces| cases.push((what, Fate::Refused, file.whole()));
    for (width, height) in [(65_535, 65_535), (0x7fff_ffff, 0x7fff_ffff), (u32::MAX, 1), (1, u32::MAX), (10_000, 5_001), (0, 10), (10, 0)] {
        refused(format!("png of {width} × {height}"), png_claiming(width, height));
    }
    for (width, height) in [(65_535, 65_535), (10_000, 5_001), (0, 10), (10, 0)] {
        refused(format!("jpeg of {width} × {height}"), jpeg_claiming(width, height));
        refused(format!("gif of {width} × {height}"), gif_claiming((width, height), (1, 1)));
    }
    for frame in [(65_535, 65_535), (10_000, 5_001)] {
        refused(format!("gif with a frame of {frame:?}"), gif_claiming((1, 1), frame));
        refused(format!("webp with a frame of {frame:?}"), webp_frames(1, (frame.0.into(), frame.1.into())));
        refused(format!("apng with a frame of {frame:?}"), apng(1, 1, frame.0.into(), frame.1.into()));
    }
    for (width, height) in [(16_777_216, 16_777_216), (10_000, 5_001)] {
        refused(format!("webp of {width} × {height}"), webp_claiming(width, height));
    }
    refused("webp with 10000 frames in a part of one".to_owned(), webp_hidden_frames(10_000));
    refused("gif with a frame of 7000 × 7000 in 24 × 18".to_owned(), gif_claiming((24, 18), (7000, 7000)));
    for file in largest_webps() {
        refused("webp of 16384 × 16384".to_owned(), file);
    }
    for count in [513, 10_000] {
        refused(format!("gif of {count} frames"), gif_frames(count));
        refused(format!("webp of {count} frames"), webp_frames(count, (1, 1)));
        let count = u32::try_from(count).unwrap();
        refused(format!("apng of {count} frames"), apng(count, count, 1, 1));
        refused(format!("apng of {count} frames that claims one"), apng(1, count, 1, 1));
        refused(format!("apng that claims {count} frames"), apng(count, 1, 1, 1));
    }
    let small = jpeg(&picture(8, 8));
    let frame = small.pieces.iter().find(|piece| piece[1] == 0xc0).unwrap().clone();
    let mut second = frame.clone();
    second[5..9].fill(0xff);
    let place = small.pieces.iter().position(|piece| *piece == frame).unwrap() + 1;
    refused("jpeg with a second, larger size".to_owned(), small.with(place, vec![second]));
    let header = png_claiming(65_535, 65_535).pieces[1].clone();
    refused("png with a second, larger header".to_owned(), png(&picture(8, 8)).with(2, vec![header]));
    let bombs: [(&str, Pieces); 4] = [
        ("png with a bomb of colours", png(&picture(8, 8)).with(2, vec![chunk(b"iCCP", &[b"x\0\0".to_vec(), bomb(1 << 20)].concat())])),
        ("png with a bomb of words", png(&picture(8, 8)).with(2, vec![chunk(b"zTXt", &[b"x\0\0".to_vec(), bomb(1 << 20)].concat())])),
        (
            "png with a bomb of international words",
            png(&picture(8, 8)).with(2, vec![chunk(b"iTXt", &[b"x\0\x01\0\0\0".to_vec(), bomb(1 << 20)].concat())]),
        ),
        ("png with a bomb of pixels", png_claiming(7000, 7000).with(2, vec![chunk(b"IDAT", &bomb(1 << 20))])),
    ];
    cases.extend(bombs.map(|(what, file)| (what.to_owned(), Fate::Harmless, file.whole())));
    for (what, count) in [("gif", 512), ("gif", 1)] {
        cases.push((format!("{what} of {count} frames"), Fate::Harmless, gif_frames(count).whole()));
    }
    cases.push(("png of exactly 50 megapixels".to_owned(), Fate::Harmless, png_claiming(10_000, 5_000).whole()));
    cases
}

/// Good files with a few bytes changed by chance, the same chance each time.
fn mutations(each: usize) -> Vec<Case> {
    let random = Random::seeded(4);
    let mut cases = Vec::new();
    for (name, file) in good() {
        for round in 0..each {
            let mut bytes = file.whole();
            for _ in 0..=round % 3 {
                let dice = u64::from_le_bytes(random.bytes::<8>());
                let at = usize::try_from(dice >> 8).unwrap() % bytes.len();
                bytes[at] = u8::try_from(dice & 0xff).unwrap();
            }
            cases.push((format!("{name}, change {round}"), Fate::Harmless, bytes));
        }
    }
    cases
}

/// Whether a decoder can show the picture.
fn decodes(bytes: &[u8]) -> bool {
    ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format().unwrap().decode().is_ok()
}

/// Uploads one file; what is wrong with what became of it.
async fn judge(place: &Place, client: &Client, fate: Fate, file: &[u8]) -> Result<bool, String> {
    let answer = Form::of(file).call(client).send().await;
    match answer.status {
        400 if fate == Fate::Shown => return Err(format!("refused: {}", answer.text())),
        400 => {
            let sentence = answer.json()["error"].as_str().unwrap_or_default().to_owned();
            return if sentence.ends_with('.') { Ok(false) } else { Err(format!("no sentence: {}", answer.text())) };
        }
        200 if fate == Fate::Refused => return Err("accepted".to_owned()),
        200 => {}
        status => return Err(format!("answered {status}: {}", answer.text())),
    }
    let stored = place.fetch(&url(&answer.json())).await.expect(200).body;
    let facts = audit::audit(&stored)?;
    if fate == Fate::Shown && !decodes(&stored) {
        return Err("cannot be shown any more".to_owned());
    }
    let answer = answer.json();
    if answer["size"] != stored.len() || answer["contentType"] != facts.kind.mime() {
        return Err(format!("not what the answer says: {answer}"));
    }
    Ok(true)
}

async fn judge_all(cases: Vec<Case>, at_least: usize) {
    assert!(cases.len() >= at_least, "only {} files", cases.len());
    let place = Place::start(Db::Sqlite, Backend::Fs).await;
    let ann = place.server.member("Ann").await.client;
    let (mut wrong, mut accepted) = (BTreeMap::new(), 0_usize);
    let count = cases.len();
    for (what, fate, file) in cases {
        match judge(&place, &ann, fate, &file).await {
            Ok(taken) => accepted += usize::from(taken),
            Err(how) => drop(wrong.insert(format!("{what} ({fate:?})"), how)),
        }
    }
    assert!(wrong.is_empty(), "{} of {count} files: {wrong:#?}", wrong.len());
    assert_eq!(place.keys().await.len(), accepted, "of {count} files others are stored than were accepted");
    assert_eq!(place.unfinished().await, [""; 0]);
    // It still works.
    upload(&ann, &png(&picture(4, 4)).whole()).await;
    place.stop().await;
}

#[tokio::test]
async fn good_files_of_every_make_are_shown() {
    judge_all(good().into_iter().map(|(name, file)| (name.to_owned(), Fate::Shown, file.whole())).collect(), 11).await;
}

#[tokio::test]
async fn e05_files_that_were_cut_are_refused() {
    judge_all(truncations(), 150).await;
}

#[tokio::test]
async fn e05_two_files_in_one_become_one() {
    judge_all(polyglots(), 70).await;
}

#[tokio::test]
async fn e05_files_that_lie_about_their_lengths_are_refused_or_corrected() {
    judge_all(lies(), 200).await;
}

#[tokio::test]
async fn e06_floods_of_pixels_and_frames_and_bombs_are_refused_by_their_headers() {
    judge_all(floods(), 40).await;
}

#[tokio::test]
async fn e05_e06_files_that_were_changed_by_chance_are_refused_or_harmless() {
    judge_all(mutations(if crate::support::full() { 1000 } else { 30 }), 300).await;
}
