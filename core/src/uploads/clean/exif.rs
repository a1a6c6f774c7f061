//! The one thing in a picture's metadata that is kept: how it has to be turned to be shown upright.

use super::super::model::Dimensions;

/// What begins metadata inside JPEG, and sometimes elsewhere.
pub(super) const PREFIX: &[u8] = b"Exif\0\0";
/// The tag of the orientation.
const TAG: u16 = 0x0112;
/// Bytes of one entry of a directory.
const ENTRY: usize = 12;

/// The orientation that metadata tells, 1 (as it is) to 8. `tiff` may begin with [`PREFIX`].
pub(super) fn orientation(tiff: &[u8]) -> u8 {
    find(tiff.strip_prefix(PREFIX).unwrap_or(tiff)).filter(|value| (1..=8).contains(value)).unwrap_or(1)
}

fn find(tiff: &[u8]) -> Option<u8> {
    let big = match tiff.get(..4)? {
        b"MM\0*" => true,
        b"II*\0" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let bytes: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    };
    let bytes: [u8; 4] = tiff.get(4..8)?.try_into().ok()?;
    let directory = usize::try_from(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }).ok()?;
    let entries = short(directory)?;
    let mut places = (0..usize::from(entries)).map_while(|index| directory.checked_add(2 + index * ENTRY));
    let place = places.find(|place| short(*place) == Some(TAG))?;
    u8::try_from(short(place.checked_add(8)?)?).ok()
}

/// Metadata that tells nothing but `orientation`.
pub(super) fn minimal(orientation: u8) -> [u8; 26] {
    let mut tiff = *b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01\0\0\0\0\0\0";
    tiff[19] = orientation;
    tiff
}

/// The dimensions of a picture once it is turned.
pub(super) fn turned(stored: Dimensions, orientation: u8) -> Dimensions {
    if orientation >= 5 { Dimensions { width: stored.height, height: stored.width } } else { stored }
}

#[cfg(test)]
mod tests {
    use super::{minimal, orientation};

    #[test]
    fn the_orientation_is_read_as_it_is_written() {
        for value in 1..=8 {
            assert_eq!(orientation(&minimal(value)), value);
            assert_eq!(orientation(&[b"Exif\0\0".as_slice(), &minimal(value)].concat()), value);
        }
        let little = b"II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x04\0\0\0abc\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        assert_eq!(orientation(little), 6);
    }

    #[test]
    fn nonsense_means_upright() {
        let mut monstrous = minimal(6);
        monstrous[4..8].copy_from_slice(&[0xff; 4]);
        for tiff in [b"".as_slice(), b"MM\0*", b"II*\0\xff\xff\xff\x7f", &monstrous, &minimal(0), &minimal(9), &minimal(6)[..19]] {
            assert_eq!(orientation(tiff), 1, "{tiff:?}");
        }
    }
}
