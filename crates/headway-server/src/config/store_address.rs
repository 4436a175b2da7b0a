//! The address of the database with the log, which can have a password.

use std::fmt;

/// What is shown in the place of something secret.
const HIDDEN: &str = "***";

/// The parameters of an address that say where the database is.
const PLACE: [&str; 5] = ["host", "hostaddr", "port", "dbname", "user"];

/// Those that are shown: also the file that has the password.
const SHOWN: [&str; 6] = ["host", "hostaddr", "port", "dbname", "user", "passfile"];

/// The address of a PostgreSQL database, such as `postgres://user@host/database`. Shown, it has no password.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreAddress(String);

impl From<String> for StoreAddress {
    fn from(address: String) -> Self {
        StoreAddress(address)
    }
}

impl From<&str> for StoreAddress {
    fn from(address: &str) -> Self {
        StoreAddress(address.to_owned())
    }
}

impl StoreAddress {
    /// The address as it was given, with its password.
    pub fn with_password(&self) -> &str {
        &self.0
    }

    /// Whether nothing is given: an empty variable.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the shown address leaves something out.
    pub fn hides(&self) -> bool {
        self.to_string() != self.0
    }

    /// The address without its password, and with these parameters alone.
    fn with_parameters(&self, shown: &[&str]) -> String {
        without_password(&self.0, shown).unwrap_or_else(|| HIDDEN.to_owned())
    }

    /// Where the database is, for comparing: a new password does not change it.
    pub fn place(&self) -> String {
        self.with_parameters(&PLACE).replace(&format!(":{HIDDEN}@"), "@").replacen("postgresql://", "postgres://", 1)
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with_parameters(&SHOWN))
    }
}

impl fmt::Debug for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

/// The address without its password, and with these parameters alone; `None` if it is not certain where the password is.
fn without_password(address: &str, shown: &[&str]) -> Option<String> {
    if address.is_empty() {
        return Some(String::new());
    }
    let (scheme, rest) = address.split_once("://")?;
    // A password can contain an @ that should have been encoded, so the last one ends it.
    let (user, place) = rest.rsplit_once('@').map_or((None, rest), |(user, place)| (Some(user), place));
    if user.is_some_and(|user| user.contains(['/', '?', '#'])) {
        return None;
    }
    let user = user.map(|user| match user.split_once(':') {
        Some((name, _)) => format!("{name}:{HIDDEN}@"),
        None => format!("{user}@"),
    });
    let (place, parameters) = place.split_once('?').unwrap_or((place, ""));
    if !place.split('/').next().is_some_and(is_host) {
        return None;
    }
    let is_shown = |pair: &&str| pair.split_once('=').is_some_and(|(name, _)| shown.contains(&name));
    let parameters: Vec<_> = parameters.split('&').filter(is_shown).collect();
    let mark = if parameters.is_empty() { "" } else { "?" };
    Some(format!("{scheme}://{}{place}{mark}{}", user.unwrap_or_default(), parameters.join("&")))
}

/// Whether this is hosts with ports, and not a user with a password whose @ is missing.
fn is_host(text: &str) -> bool {
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    text.split(',').all(|one| one.ends_with(']') || one.rsplit_once(':').is_none_or(|(_, port)| is_port(port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (address, shown) in [
            ("postgres://me@db/headway", "postgres://me@db/headway"),
            ("postgres://me:secret@db:5432/headway", "postgres://me:***@db:5432/headway"),
            ("postgresql://me:se@secret@db/headway", "postgresql://me:***@db/headway"),
            ("postgres://me@%2Frun%2Fpostgresql/headway", "postgres://me@%2Frun%2Fpostgresql/headway"),
            ("postgres:///headway?host=/run&user=me&password=secret", "postgres:///headway?host=/run&user=me"),
            ("postgres://db/headway?p%61ssword=secret", "postgres://db/headway"),
            ("postgres://[::1]:5432,other/headway", "postgres://[::1]:5432,other/headway"),
            ("postgres://me@db/headway?passfile=/etc/pass", "postgres://me@db/headway?passfile=/etc/pass"),
            // It is not certain where the password is.
            ("postgres://me:secret/more@db/headway", "***"),
            ("postgres://me:secret?more@db/headway", "***"),
            ("postgres://db/headway?user=a@b&password=secret", "***"),
            ("postgres://me:secret", "***"),
            ("host=db password=secret", "***"),
            ("me:secret@db", "***"),
            ("", ""),
        ] {
            let address = StoreAddress::from(address);
            assert_eq!(address.to_string(), shown);
            assert!(!format!("{address:?}").contains("secret"), "{address:?}");
            assert_eq!(address.hides(), shown != address.with_password());
        }
    }

    #[test]
    fn a_new_password_is_no_other_place() {
        let place = |address: &str| StoreAddress::from(address).place();
        assert_eq!(place("postgres://me:one@db/headway"), place("postgresql://me:two@db/headway"));
        assert_eq!(place("postgres://me:one@db/headway"), place("postgres://me@db/headway"));
        assert_eq!(place("postgres://me@db/headway?passfile=/etc/pass"), place("postgres://me@db/headway"));
        assert_ne!(place("postgres://me@db/headway"), place("postgres://me@db/other"));
    }
}
