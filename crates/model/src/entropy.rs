//! The only place that draws random numbers.

use rand::TryRng;
use rand::rngs::SysRng;

use crate::clock::Timestamp;

/// A source of unguessable bytes.
pub trait Entropy: Send + Sync {
    /// Fills `buffer` with random bytes.
    ///
    /// An operating system that cannot give random bytes is not one to serve secrets on: an
    /// implementation ends the process rather than return anything less.
    fn fill(&self, buffer: &mut [u8]);
}

impl dyn Entropy + '_ {
    /// 32 random bytes: the size of everything we mint.
    #[must_use]
    pub fn bytes32(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.fill(&mut bytes);
        bytes
    }

    /// A random version 4 UUID (RFC 9562 §5.4), hyphenated lower case.
    #[must_use]
    pub fn uuid(&self) -> String {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes)
            .into_uuid()
            .to_string()
    }

    /// A version 7 UUID (RFC 9562 §5.7): the time first, so that new rows are neighbours in
    /// an index, then 74 random bits.
    #[must_use]
    pub fn ordered_uuid(&self, now: Timestamp) -> String {
        let mut random = [0; 10];
        self.fill(&mut random);
        let millis = u64::try_from(now.millis()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random)
            .into_uuid()
            .to_string()
    }

    /// A uniformly random number below `bound`, by rejection so that no value is favoured.
    #[must_use]
    pub fn below(&self, bound: u32) -> u32 {
        let zone = u32::MAX - u32::MAX % bound.max(1);
        loop {
            let mut bytes = [0; 4];
            self.fill(&mut bytes);
            let drawn = u32::from_le_bytes(bytes);
            if drawn < zone {
                return drawn % bound.max(1);
            }
        }
    }
}

/// The operating system's random source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[allow(clippy::panic, reason = "without randomness no secret may be made")]
    fn fill(&self, buffer: &mut [u8]) {
        if let Err(fault) = SysRng.try_fill_bytes(buffer) {
            panic!("the operating system gave no random bytes: {fault}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_below_a_bound_reach_every_value_and_no_other() {
        let entropy: &dyn Entropy = &SystemEntropy;
        let mut seen = [false; 10];

        for _ in 0..1_000 {
            seen[entropy.below(10) as usize] = true;
        }

        assert!(seen.iter().all(|seen| *seen));
    }

    #[test]
    fn ordered_uuids_sort_by_time() {
        let entropy: &dyn Entropy = &SystemEntropy;

        let earlier = entropy.ordered_uuid(Timestamp::from_seconds(1));
        let later = entropy.ordered_uuid(Timestamp::from_seconds(2));

        assert!(earlier < later);
    }
}
