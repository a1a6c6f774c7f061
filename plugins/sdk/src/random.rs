//! Chance, from the host's generator. Needs no permission.

/// A number between `low` and `high`, either of them possible, all equally likely.
///
/// # Panics
/// If `low` is greater than `high`.
pub fn between(low: u64, high: u64) -> u64 {
    assert!(low <= high, "there is no number between {low} and {high}");
    let Some(many) = (high - low).checked_add(1) else { return number() };
    // Numbers of an unfinished last round would make some results likelier than others.
    let rounds = u64::MAX - u64::MAX % many;
    loop {
        let number = number();
        if number < rounds {
            return low + number % many;
        }
    }
}

/// One of several things; none of none.
pub fn choice<T>(things: &[T]) -> Option<&T> {
    let last = things.len().checked_sub(1)?;
    things.get(usize::try_from(between(0, last as u64)).unwrap_or_default())
}

/// Any number.
#[cfg(target_family = "wasm")]
pub fn number() -> u64 {
    wasip2::random::random::get_random_u64()
}

/// Any number.
#[cfg(not(target_family = "wasm"))]
pub fn number() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::{between, choice};

    #[test]
    fn every_side_comes_up_and_no_other() {
        let mut seen = [false; 8];
        for _ in 0..1000 {
            seen[usize::try_from(between(1, 6)).unwrap()] = true;
        }
        assert_eq!(seen, [false, true, true, true, true, true, true, false]);
        assert_eq!(between(7, 7), 7);
        between(0, u64::MAX);
    }

    #[test]
    fn there_is_no_choice_among_nothing() {
        assert_eq!(choice::<u8>(&[]), None);
        assert_eq!(choice(&["only"]), Some(&"only"));
    }
}
