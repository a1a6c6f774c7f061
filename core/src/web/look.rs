//! How this community looks: name, logo and colour, as its operator wants them.

use std::{fs, io, path::Path};

use serde_json::json;

use super::assets::{self, Asset};
use crate::config::SiteSection;

/// The largest logo.
const MAX_LOGO: u64 = 512 * 1024;
/// What text needs so that most people can read it (WCAG AA).
const READABLE: f64 = 4.5;
/// The lightest background in light pages that the accent stands on, and the lightest in dark ones; see `style.css`.
const LIGHT_PAGE: [u8; 3] = [0xf4, 0xf0, 0xea];
const DARK_PAGE: [u8; 3] = [0x2a, 0x28, 0x2f];

/// What every page says about the community.
#[derive(Debug, Clone)]
pub struct Look {
    /// Its name.
    pub name: String,
    /// What it is about, if the operator says so.
    pub description: Option<String>,
    /// The address of its logo.
    pub icon: String,
    /// The same for those who cannot read drawings, if there is one for them: previews of links, and phones that show it among programs.
    pub picture: String,
    /// What phones show on their first screen.
    pub touch_icon: String,
    /// The address of what browsers need to keep the community as a program.
    pub manifest: String,
    /// The address of a style sheet with its colour.
    pub style: Option<String>,
    /// The files that only this server has.
    pub files: Vec<Asset>,
}

impl Look {
    /// Reads what the section names.
    ///
    /// # Errors
    /// The logo cannot be read or is too large.
    pub fn new(section: &SiteSection) -> io::Result<Self> {
        let mut files = Vec::new();
        let mut add = |asset: Asset| {
            let url = asset.url();
            files.push(asset);
            url
        };
        let (icon, picture, touch_icon, icons) = if let (Some(path), Some(kind)) = (&section.logo, section.logo_type()) {
            let logo = add(Asset::new("logo", kind, read(path)?.into()));
            let icons = json!([{ "src": logo, "sizes": "any", "type": kind }]);
            (logo.clone(), logo.clone(), logo, icons)
        } else {
            let [small, large] = ["icon-192.png", "icon-512.png"].map(assets::url);
            let icon = |src: &str, sizes: &str| json!({ "src": src, "sizes": sizes, "type": assets::PNG });
            let icons = json!([icon(&small, "192x192"), icon(&large, "512x512")]);
            (assets::url("icon.svg"), large, assets::url("icon-180.png"), icons)
        };
        let manifest = json!({ "name": section.name, "start_url": "/", "display": "minimal-ui", "icons": icons });
        let manifest = add(Asset::new("site.webmanifest", "application/manifest+json", manifest.to_string().into()));
        let style = section.colour().map(|colour| add(Asset::new("site.css", assets::CSS, style(colour).into())));
        let (name, description) = (section.name.clone(), section.description.clone());
        Ok(Self { name, description, icon, picture, touch_icon, manifest, style, files })
    }
}

/// A logo.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let of_it = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    if fs::metadata(path).map_err(of_it)?.len() > MAX_LOGO {
        return Err(of_it(io::Error::other("a logo must be at most 512 KiB")));
    }
    fs::read(path).map_err(of_it)
}

/// The tokens of `style.css` that depend on the accent.
fn style(colour: [u8; 3]) -> String {
    let (light, dark) = (readable_on(colour, LIGHT_PAGE, [0; 3]), readable_on(colour, DARK_PAGE, [255; 3]));
    let (light_ink, dark_ink) = (ink(light), ink(dark));
    let pair = |one, other| format!("light-dark({}, {})", hex(one), hex(other));
    format!(":root {{ --accent: {}; --accent-ink: {}; }}\n", pair(light, dark), pair(light_ink, dark_ink))
}

/// `colour`, mixed with `towards` as far as it takes to be read on `page`.
fn readable_on(colour: [u8; 3], page: [u8; 3], towards: [u8; 3]) -> [u8; 3] {
    let mixes = (0..=20_u32).map(|step| mix(colour, towards, step));
    mixes.into_iter().find(|mixed| contrast(*mixed, page) >= READABLE).unwrap_or(towards)
}

/// What is written on `colour`.
fn ink(colour: [u8; 3]) -> [u8; 3] {
    let (white, black) = ([255; 3], [0x1a, 0x14, 0x12]);
    if contrast(white, colour) >= contrast(black, colour) { white } else { black }
}

/// `step` twentieths of `other` in `one`.
fn mix(one: [u8; 3], other: [u8; 3], step: u32) -> [u8; 3] {
    let part = |at: usize| (u32::from(one[at]) * (20 - step) + u32::from(other[at]) * step) / 20;
    [0, 1, 2].map(|at| u8::try_from(part(at)).unwrap_or(u8::MAX))
}

fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    if one > other { one / other } else { other / one }
}

/// Relative luminance as WCAG defines it.
fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_accent_can_be_read_on_both_pages_and_written_on() {
        for colour in [[0, 0, 0], [255, 255, 255], [255, 255, 0], [0, 0, 255], [0x9c, 0x3a, 0x26], [128, 128, 128]] {
            for (page, towards) in [(LIGHT_PAGE, [0; 3]), (DARK_PAGE, [255; 3])] {
                let accent = readable_on(colour, page, towards);
                assert!(contrast(accent, page) >= READABLE, "{colour:?} on {page:?} is {accent:?}");
                assert!(contrast(ink(accent), accent) >= READABLE, "on {accent:?}");
            }
        }
        assert_eq!(readable_on([0x9c, 0x3a, 0x26], LIGHT_PAGE, [0; 3]), [0x9c, 0x3a, 0x26], "what can be read stays");
    }
}
