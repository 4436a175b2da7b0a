//! Secrets and signatures by Standard Webhooks.

use std::io::{self, Read};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use headway_files::named_file;

/// The prefix of a secret.
const PREFIX: &str = "whsec_";

/// Least and greatest length of a secret, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// More than any file of secrets has, in bytes.
const LARGEST_FILE: u64 = 4_096;

/// A secret that the receiver shares.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

// Never shows the secret.
impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret")
    }
}

impl Secret {
    /// Parses `whsec_` and the base64 of 24 to 64 bytes.
    ///
    /// # Errors
    /// What is wrong with it, without the secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or_else(|| format!("a secret begins with {PREFIX}"))?;
        let bytes = STANDARD.decode(encoded).map_err(|_| format!("after {PREFIX} a secret is base64"))?;
        if LENGTHS.contains(&bytes.len()) {
            Ok(Secret(bytes))
        } else {
            Err(format!("a secret has {} to {} bytes, not {}", LENGTHS.start(), LENGTHS.end(), bytes.len()))
        }
    }

    /// Reads a file with one secret in each line. During a change of the secret there are two.
    ///
    /// # Errors
    /// The file cannot be read, or has no secret, or one that is wrong.
    pub fn read(path: &Path) -> Result<Vec<Self>, String> {
        let named = |why: String| format!("{}: {why}", path.display());
        let text = read_small(path).map_err(|error| named(error.to_string()))?;
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let secrets = lines.map(Secret::parse).collect::<Result<Vec<_>, _>>().map_err(named)?;
        if secrets.is_empty() {
            return Err(named("it is empty; make a secret with: headway webhooks secret".into()));
        }
        Ok(secrets)
    }

    /// The signature of a message: `v1,` and the base64 of HMAC-SHA256 over `ID.TIMESTAMP.BODY`.
    fn sign(&self, id: &str, timestamp: u64, body: &str) -> String {
        // A key of any length is allowed, so this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

fn read_small(path: &Path) -> io::Result<String> {
    let mut file = named_file::open(path)?;
    if file.metadata()?.len() > LARGEST_FILE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {LARGEST_FILE} bytes")));
    }
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// The header of a message: a signature by each secret.
pub(crate) fn signatures(secrets: &[Secret], id: &str, timestamp: u64, body: &str) -> String {
    secrets.iter().map(|secret| secret.sign(id, timestamp, body)).collect::<Vec<_>>().join(" ")
}

/// A new secret, as a receiver takes it.
pub fn generate() -> String {
    let random = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
    let bytes: Vec<u8> = random.iter().flat_map(|uuid| *uuid.as_bytes()).collect();
    format!("{PREFIX}{}", STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn a_signature_is_the_one_of_the_reference_libraries() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("a secret");
        let signed = signatures(&[secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn an_invalid_secret_is_refused_without_being_shown() {
        for wrong in ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_???", "whsec_c2hvcnQ="] {
            let why = Secret::parse(wrong).expect_err(wrong);
            assert!(wrong.len() < 8 || !why.contains(wrong.trim_start_matches(PREFIX)), "{why}");
        }
        assert!(Secret::parse(&generate()).is_ok());
        assert_ne!(generate(), generate());
    }
}
