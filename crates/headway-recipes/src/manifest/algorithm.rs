//! The algorithms of checksums.

/// An algorithm for checksums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// CRC-32 of ISO 3309, as `.sfv` files have it.
    Crc32,
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// BLAKE3 with 32 bytes.
    Blake3,
    /// SHA3-256.
    Sha3x256,
    /// BLAKE2b with 32 bytes.
    Blake2bx256,
    /// BLAKE2s with 32 bytes.
    Blake2s,
    /// SHA-512/256.
    Sha512x256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// BLAKE2b with 64 bytes.
    Blake2b,
    /// SHA3-512.
    Sha3x512,
}

use Algorithm as A;

/// Each algorithm with its name in settings and results, its name for people, and the length of its checksums in
/// bytes.
const TABLE: [(Algorithm, &str, &str, usize); 14] = [
    (A::Crc32, "crc32", "CRC-32", 4),
    (A::Md5, "md5", "MD5", 16),
    (A::Sha1, "sha1", "SHA-1", 20),
    (A::Sha224, "sha224", "SHA-224", 28),
    (A::Sha256, "sha256", "SHA-256", 32),
    (A::Blake3, "blake3", "BLAKE3", 32),
    (A::Sha3x256, "sha3-256", "SHA3-256", 32),
    (A::Blake2bx256, "blake2b-256", "BLAKE2b-256", 32),
    (A::Blake2s, "blake2s", "BLAKE2s", 32),
    (A::Sha512x256, "sha512-256", "SHA-512/256", 32),
    (A::Sha384, "sha384", "SHA-384", 48),
    (A::Sha512, "sha512", "SHA-512", 64),
    (A::Blake2b, "blake2b", "BLAKE2b", 64),
    (A::Sha3x512, "sha3-512", "SHA3-512", 64),
];

impl Algorithm {
    /// Its name in settings and results.
    pub fn name(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// Its name as people write it.
    pub fn shown(self) -> &'static str {
        TABLE[self as usize].2
    }

    /// The length of its checksums in bytes.
    pub fn bytes(self) -> usize {
        TABLE[self as usize].3
    }

    /// The algorithm that a setting names.
    pub fn of_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// The algorithm that a line or a column names: `SHA256`, `SHA2-256`, `sha-256`, `BLAKE2b-256`.
    pub fn of_tag(tag: &[u8]) -> Option<Self> {
        let plain: Vec<u8> =
            tag.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect();
        Some(match plain.as_slice() {
            b"crc32" => A::Crc32,
            b"md5" => A::Md5,
            b"sha1" => A::Sha1,
            b"sha224" | b"sha2224" => A::Sha224,
            b"sha256" | b"sha2256" => A::Sha256,
            b"sha384" | b"sha2384" => A::Sha384,
            b"sha512" | b"sha2512" => A::Sha512,
            b"sha512256" | b"sha2512256" | b"sha512t256" => A::Sha512x256,
            b"sha3256" => A::Sha3x256,
            b"sha3512" => A::Sha3x512,
            b"blake2b" | b"blake2b512" => A::Blake2b,
            b"blake2b256" => A::Blake2bx256,
            b"blake2s" | b"blake2s256" => A::Blake2s,
            b"blake3" => A::Blake3,
            _ => return None,
        })
    }
}

/// A set of algorithms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Algorithms(u16);

impl Algorithms {
    /// The empty set.
    pub const NONE: Algorithms = Algorithms(0);
    /// The algorithms that are tried first if a line names none. The others are far rarer.
    pub const COMMON: Algorithms = Algorithms(
        1 << A::Crc32 as u16
            | 1 << A::Md5 as u16
            | 1 << A::Sha1 as u16
            | 1 << A::Sha224 as u16
            | 1 << A::Sha256 as u16
            | 1 << A::Blake3 as u16
            | 1 << A::Sha384 as u16
            | 1 << A::Sha512 as u16,
    );

    /// The set of this algorithm alone.
    pub fn of(algorithm: Algorithm) -> Self {
        Algorithms(1 << algorithm as u16)
    }

    /// All algorithms whose checksums have this many bytes.
    pub fn of_length(bytes: usize) -> Self {
        TABLE.iter().filter(|row| row.3 == bytes).fold(Self::NONE, |all, row| all | Self::of(row.0))
    }

    /// Whether the set contains this algorithm.
    pub fn has(self, algorithm: Algorithm) -> bool {
        self.0 & Self::of(algorithm).0 != 0
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The algorithms of this set that are not in the other.
    pub fn without(self, these: Algorithms) -> Self {
        Algorithms(self.0 & !these.0)
    }

    /// The algorithms, the most common first.
    pub fn iter(self) -> impl Iterator<Item = Algorithm> {
        TABLE.iter().map(|row| row.0).filter(move |algorithm| self.has(*algorithm))
    }

    /// The single algorithm, if there is exactly one.
    pub fn only(self) -> Option<Algorithm> {
        self.iter().next().filter(|one| self == Self::of(*one))
    }

    /// Their names as people write them.
    pub fn shown(self) -> String {
        let names: Vec<_> = self.iter().map(Algorithm::shown).collect();
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
            None => String::new(),
        }
    }

    /// The set as a number, for storing in an atomic.
    pub fn bits(self) -> u16 {
        self.0
    }

    /// The set with this number.
    pub fn from_bits(bits: u16) -> Self {
        Algorithms(bits)
    }
}

impl std::ops::BitOr for Algorithms {
    type Output = Algorithms;

    fn bitor(self, other: Algorithms) -> Algorithms {
        Algorithms(self.0 | other.0)
    }
}

impl std::ops::BitAnd for Algorithms {
    type Output = Algorithms;

    fn bitand(self, other: Algorithms) -> Algorithms {
        Algorithms(self.0 & other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum_and_each_name_is_its_own_tag() {
        for (at, (algorithm, name, shown, _)) in TABLE.into_iter().enumerate() {
            assert_eq!(algorithm as usize, at, "{name}");
            assert_eq!(Algorithm::of_name(name), Some(algorithm));
            assert_eq!(Algorithm::of_tag(name.as_bytes()), Some(algorithm), "{name}");
            assert_eq!(Algorithm::of_tag(shown.as_bytes()), Some(algorithm), "{shown}");
            assert_eq!(Algorithms::of(algorithm).only(), Some(algorithm));
        }
        assert_eq!(Algorithms::of_length(32).only(), None);
        assert_eq!(Algorithms::of_length(33), Algorithms::NONE);
        assert_eq!((Algorithms::of_length(32) & Algorithms::COMMON).shown(), "SHA-256 and BLAKE3");
    }
}
