//! Computes any number of hashes in one reading of a file.

use std::io::{Read, Seek, SeekFrom};

use blake2::digest::consts::U32;
use sha2::digest::DynDigest;

use super::manifest::{Algorithm, Algorithms};
use super::{Attempt, Failure};
use crate::buffer::BUFFER_BYTES;
use headway_files::OpenFile;
use headway_model::{FailReason, SkipReason};

/// The checksums of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hashes(Vec<(Algorithm, Box<[u8]>)>);

impl Hashes {
    /// The algorithms of these checksums.
    pub(super) fn algorithms(&self) -> Algorithms {
        self.0.iter().fold(Algorithms::NONE, |all, (algorithm, _)| all | Algorithms::of(*algorithm))
    }

    /// Each algorithm with its checksum.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Algorithm, &[u8])> {
        self.0.iter().map(|(algorithm, hash)| (*algorithm, &**hash))
    }

    /// The checksum by this algorithm.
    pub(super) fn get(&self, algorithm: Algorithm) -> Option<&[u8]> {
        self.iter().find(|(known, _)| *known == algorithm).map(|(_, hash)| hash)
    }

    /// The checksums of these bytes.
    #[cfg(test)]
    pub(super) fn of(bytes: &[u8], algorithms: Algorithms) -> Self {
        let hashes = algorithms.iter().map(|algorithm| {
            let mut hasher = Hasher::new(algorithm);
            hasher.update(bytes);
            (algorithm, hasher.finish())
        });
        Hashes(hashes.collect())
    }

    /// Adds the checksums of another reading.
    pub(super) fn extend(&mut self, others: Hashes) {
        self.0.extend(others.0);
    }
}

/// Reads the file to its end and computes these checksums. Fails if the file changed in the meantime.
pub(super) fn hash(input: &mut OpenFile, attempt: &Attempt, algorithms: Algorithms) -> Result<Hashes, Failure> {
    read(input, attempt, algorithms, |bytes| attempt.advance(bytes))
}

/// Computes these checksums in another reading, which does not count as progress.
pub(super) fn hash_again(input: &mut OpenFile, attempt: &Attempt, algorithms: Algorithms) -> Result<Hashes, Failure> {
    let rewound = input.file.seek(SeekFrom::Start(0));
    rewound.map_err(|error| Failure::of(FailReason::Read, "reading it again", &error))?;
    read(input, attempt, algorithms, |_| {})
}

fn read(
    input: &mut OpenFile,
    attempt: &Attempt,
    algorithms: Algorithms,
    advance: impl Fn(u64),
) -> Result<Hashes, Failure> {
    let mut hashers: Vec<_> = algorithms.iter().map(|algorithm| (algorithm, Hasher::new(algorithm))).collect();
    let mut buffer = vec![0; BUFFER_BYTES.min(usize::try_from(input.size()).unwrap_or(BUFFER_BYTES) + 1)];
    loop {
        if attempt.is_stopped() {
            return Err(Failure::Stopped);
        }
        let count = match input.file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) => return Err(Failure::of(FailReason::Read, "reading", &error)),
        };
        hashers.iter_mut().for_each(|(_, hasher)| hasher.update(&buffer[..count]));
        advance(count as u64);
    }
    let unchanged = input.is_unchanged();
    if !unchanged.map_err(|error| Failure::of(FailReason::Read, "looking at it again", &error))? {
        return Err(Failure::Skipped(SkipReason::Changed));
    }
    Ok(Hashes(hashers.into_iter().map(|(algorithm, hasher)| (algorithm, hasher.finish())).collect()))
}

enum Hasher {
    Crc32(crc32fast::Hasher),
    Blake3(Box<blake3::Hasher>),
    Other(Box<dyn DynDigest>),
}

impl Hasher {
    fn new(algorithm: Algorithm) -> Self {
        let other: Box<dyn DynDigest> = match algorithm {
            Algorithm::Crc32 => return Hasher::Crc32(crc32fast::Hasher::new()),
            Algorithm::Blake3 => return Hasher::Blake3(Box::default()),
            Algorithm::Md5 => Box::new(md5::Md5::default()),
            Algorithm::Sha1 => Box::new(sha1::Sha1::default()),
            Algorithm::Sha224 => Box::new(sha2::Sha224::default()),
            Algorithm::Sha256 => Box::new(sha2::Sha256::default()),
            Algorithm::Sha384 => Box::new(sha2::Sha384::default()),
            Algorithm::Sha512 => Box::new(sha2::Sha512::default()),
            Algorithm::Sha512x256 => Box::new(sha2::Sha512_256::default()),
            Algorithm::Sha3x256 => Box::new(sha3::Sha3_256::default()),
            Algorithm::Sha3x512 => Box::new(sha3::Sha3_512::default()),
            Algorithm::Blake2b => Box::new(blake2::Blake2b512::default()),
            Algorithm::Blake2bx256 => Box::new(blake2::Blake2b::<U32>::default()),
            Algorithm::Blake2s => Box::new(blake2::Blake2s256::default()),
        };
        Hasher::Other(other)
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Hasher::Crc32(hasher) => hasher.update(bytes),
            Hasher::Blake3(hasher) => {
                hasher.update(bytes);
            }
            Hasher::Other(hasher) => hasher.update(bytes),
        }
    }

    fn finish(self) -> Box<[u8]> {
        match self {
            Hasher::Crc32(hasher) => hasher.finalize().to_be_bytes().into(),
            Hasher::Blake3(hasher) => Box::from(*hasher.finalize().as_bytes()),
            Hasher::Other(hasher) => hasher.finalize(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::to_hex;

    /// The checksums of three letters, as the reference tools compute them.
    #[test]
    fn each_algorithm_is_the_one_of_its_name() {
        let known = [
            (Algorithm::Crc32, "352441c2"),
            (Algorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (Algorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Algorithm::Sha224, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"),
            (Algorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (Algorithm::Blake3, "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"),
            (Algorithm::Sha3x256, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"),
            (Algorithm::Blake2bx256, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
            (Algorithm::Blake2s, "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"),
            (Algorithm::Sha512x256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
        ];
        for (algorithm, hex) in known {
            let mut hasher = Hasher::new(algorithm);
            hasher.update(b"a");
            hasher.update(b"bc");
            let hash = hasher.finish();
            assert_eq!((to_hex(&hash).as_str(), hash.len()), (hex, algorithm.bytes()), "{algorithm:?}");
        }
        for (algorithm, start) in [
            (Algorithm::Sha384, "cb00753f45a35e8b"),
            (Algorithm::Sha512, "ddaf35a193617aba"),
            (Algorithm::Blake2b, "ba80a53f981c4d0d"),
            (Algorithm::Sha3x512, "b751850b1a57168a"),
        ] {
            let mut hasher = Hasher::new(algorithm);
            hasher.update(b"abc");
            let hash = hasher.finish();
            assert!(to_hex(&hash).starts_with(start) && hash.len() == algorithm.bytes(), "{algorithm:?}");
        }
    }
}
