//! The address of a database with its password, and how long its host may be silent.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::Config;

use crate::error::failed;
use crate::pass_file;
use headway_store::{StoreError, Stored};

/// How long a host may leave a packet without an answer before the connection counts as broken.
pub(crate) const SILENCE: Duration = Duration::from_secs(30);

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// Reads an address of a database, and its password from a file if the address or `PGPASSFILE` names one.
///
/// # Errors
/// With what is wrong with it. The text does not repeat the address, which can contain a password.
pub(crate) fn address(url: &str) -> Stored<Config> {
    let variable = std::env::var_os("PGPASSFILE").filter(|file| !file.is_empty()).map(PathBuf::from);
    address_with(url, variable.as_deref())
}

/// The same, where this is the file that a variable of the environment names.
fn address_with(url: &str, variable: Option<&Path>) -> Stored<Config> {
    let wrong = |why: &str| StoreError::new(format!("the address of the store is not one of PostgreSQL: {why}"));
    // The errors of another form would repeat a part of it.
    if !SCHEMES.iter().any(|scheme| url.starts_with(scheme)) {
        return Err(wrong("it does not begin with postgres://"));
    }
    let (url, file) = pass_file::split(url);
    let mut config = url.parse::<Config>().map_err(|error| wrong(&failed(&error).message))?;
    if config.get_password().is_none()
        && let Some(password) = pass_file::password(&config, file.as_deref(), variable)?
    {
        config.password(password);
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(10));
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE);
    }
    // Whoever waits for an answer sends nothing, so only these find out that the host of the server is gone.
    if config.get_keepalives_idle() == Config::new().get_keepalives_idle() {
        config.keepalives_idle(Duration::from_secs(10));
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(Duration::from_secs(5));
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(3);
    }
    if config.get_application_name().is_none() {
        config.application_name("headway");
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_address_says_is_kept_and_the_rest_is_set() {
        let config = address("postgres://me@db/headway?keepalives_idle=60&application_name=night").expect("an address");
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(60));
        assert_eq!(config.get_keepalives_retries(), Some(3));
        assert_eq!(config.get_tcp_user_timeout(), Some(&SILENCE));
        assert_eq!(config.get_application_name(), Some("night"));
    }

    #[test]
    fn a_password_comes_from_the_address_or_else_from_the_file_that_it_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let [named, variable] = ["named", "variable"].map(|name| {
            let file = folder.path().join(name);
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            std::fs::write(&file, format!("db:*:*:*:of {name}\n")).expect("a file");
            std::fs::set_permissions(&file, mode).expect("a mode");
            file
        });
        let password = |url: &str| {
            let config = address_with(url, Some(&variable)).expect("an address");
            config.get_password().map(|password| String::from_utf8_lossy(password).into_owned())
        };
        let named = named.display();
        assert_eq!(password(&format!("postgres://me@db/x?passfile={named}")).as_deref(), Some("of named"));
        assert_eq!(password("postgres://me@db/x").as_deref(), Some("of variable"));
        assert_eq!(password(&format!("postgres://me:own@db/x?passfile={named}")).as_deref(), Some("own"));
        assert_eq!(password("postgres://me@other/x"), None);
    }

    #[test]
    fn an_address_that_cannot_be_read_is_refused_without_its_password() {
        for url in [
            "postgresq://me:secret@db/headway?sslmode=disable",
            "postgres:/me:secret@db/headway?sslmode=disable",
            "host=db password=secret nonsense=1",
            "postgres://me:secret@db:port/headway",
            "postgres://me:secret@db/headway?unknown=1",
            "log.sqlite",
        ] {
            let said = address(url).expect_err(url).message;
            assert!(said.contains("the address of the store is not one of PostgreSQL"), "{said}");
            assert!(!said.contains("secret"), "{said}");
        }
    }
}
