//! A file with passwords, as libpq reads it: a line for each database, `host:port:database:user:password`. It keeps a password
//! out of an address, which everybody on the machine can see if it is the argument of a process.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use headway_files::{is_absent, named_file};
use headway_store::{StoreError, Stored};

/// The parameter of an address that names the file.
const PARAMETER: &str = "passfile";

/// The port of a database whose address has none.
const PORT: u16 = 5432;

/// The address without the parameter that names the file, which nothing below knows, and the file.
pub(crate) fn split(url: &str) -> (String, Option<PathBuf>) {
    let Some((place, parameters)) = url.rsplit_once('?') else { return (url.to_owned(), None) };
    let value = |parameter: &str| {
        let (name, value) = parameter.split_once('=')?;
        (name == PARAMETER).then(|| decoded(value))
    };
    let Some(file) = parameters.split('&').find_map(value) else { return (url.to_owned(), None) };
    let others: Vec<_> = parameters.split('&').filter(|parameter| value(parameter).is_none()).collect();
    let mark = if others.is_empty() { "" } else { "?" };
    (format!("{place}{mark}{}", others.join("&")), Some(file))
}

/// The password for the database of this address: from the file that the address names, or else from the one that a variable of the
/// environment names, which need not be there. `None` if the file has none for it.
///
/// # Errors
/// If the file cannot be read, or if others can read it.
pub(crate) fn password(config: &Config, named: Option<&Path>, variable: Option<&Path>) -> Stored<Option<String>> {
    let Some(file) = named.or(variable) else { return Ok(None) };
    match read(file) {
        Ok(text) => Ok(places(config).iter().find_map(|place| text.lines().find_map(|line| of_line(line, place)))),
        Err(error) if named.is_none() && is_absent(&error) => Ok(None),
        Err(error) => {
            let file = file.display();
            Err(StoreError::new(format!("the file with the password of the store, {file}, is not read: {error}")))
        }
    }
}

fn read(file: &Path) -> io::Result<String> {
    let mut opened = named_file::open(file)?;
    if opened.metadata()?.mode() & 0o077 != 0 {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "others can read it, so run chmod 600 on it"));
    }
    let mut text = String::new();
    opened.read_to_string(&mut text)?;
    Ok(text)
}

/// What the first four fields of a line must be, each with the values that fit.
type PassPlace = [Vec<String>; 4];

/// Where the database can be: its hosts, one after another.
fn places(config: &Config) -> Vec<PassPlace> {
    let by_name = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => vec![name.clone()],
        Host::Unix(folder) => vec![folder.display().to_string(), "localhost".to_owned()],
    });
    let mut hosts: Vec<_> = by_name.collect();
    if hosts.is_empty() {
        hosts.extend(config.get_hostaddrs().iter().map(|address| vec![address.to_string()]));
    }
    let user = config.get_user().unwrap_or_default().to_owned();
    let database = config.get_dbname().unwrap_or(&user).to_owned();
    let ports = config.get_ports();
    let place = |(at, hosts): (usize, Vec<String>)| {
        let port = ports.get(at).or(ports.first()).unwrap_or(&PORT);
        [hosts, vec![port.to_string()], vec![database.clone()], vec![user.clone()]]
    };
    hosts.into_iter().enumerate().map(place).collect()
}

/// The password in a line of the file, if the line is about this place.
fn of_line(line: &str, place: &PassPlace) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = fields(line).into_iter();
    for wanted in place {
        let field = fields.next()?;
        if !field.is_any() && !wanted.contains(&field.text) {
            return None;
        }
    }
    fields.next().map(|field| field.text).filter(|password| !password.is_empty())
}

#[derive(Default)]
struct PassField {
    text: String,
    /// Whether a backslash was before one of its characters.
    is_escaped: bool,
}

impl PassField {
    /// Whether it stands for anything.
    fn is_any(&self) -> bool {
        self.text == "*" && !self.is_escaped
    }
}

/// The fields of a line. A backslash keeps the colon or backslash after it from having a meaning.
fn fields(line: &str) -> Vec<PassField> {
    let (mut fields, mut field) = (Vec::new(), PassField::default());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ':' => fields.push(std::mem::take(&mut field)),
            '\\' => {
                field.is_escaped = true;
                field.text.extend(letters.next());
            }
            other => field.text.push(other),
        }
    }
    fields.push(field);
    fields
}

/// A value of an address, in which `%2F` stands for a slash.
fn decoded(value: &str) -> PathBuf {
    let (bytes, mut path, mut at) = (value.as_bytes(), Vec::new(), 0);
    while let Some(&byte) = bytes.get(at) {
        let digits = if byte == b'%' { value.get(at + 1..at + 3) } else { None };
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        path.push(code.unwrap_or(byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    OsString::from_vec(path).into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_file_is_taken_out_of_the_address() {
        let of = |url: &str| {
            let (rest, file) = split(url);
            (rest, file.map(|file| file.display().to_string()))
        };
        let file = |file: &str| Some(file.to_owned());
        assert_eq!(of("postgres://me@db/x"), ("postgres://me@db/x".into(), None));
        assert_eq!(of("postgres://me@db/x?port=7"), ("postgres://me@db/x?port=7".into(), None));
        assert_eq!(of("postgres://me@db/x?passfile=/run/p"), ("postgres://me@db/x".into(), file("/run/p")));
        let between = of("postgres://me@db/x?port=7&passfile=%2Frun%2fa%20b%&user=you");
        assert_eq!(between, ("postgres://me@db/x?port=7&user=you".into(), file("/run/a b%")));
    }

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let lines = "# db:*:*:*:remark\n\
            short:5432\n\
            db:5433:*:*:port\n\
            db:5432:headway:me:a\\:b\\\\c\n\
            db:*:*:*:any\n\
            \\*:*:*:*:star\n\
            localhost:*:*:*:local:not this\n";
        let found = |url: &str| {
            let config = url.parse::<Config>().expect("an address");
            places(&config).iter().find_map(|place| lines.lines().find_map(|line| of_line(line, place)))
        };
        for (url, password) in [
            ("postgres://me@db/headway", Some("a:b\\c")),
            ("postgres://me@db:5433/headway", Some("port")),
            ("postgres://you@db/headway", Some("any")),
            ("postgres://me@other/headway", None),
            ("postgres://me@other,db/headway", Some("a:b\\c")),
            ("postgres://me@%2Frun%2Fpostgresql/headway", Some("local")),
        ] {
            assert_eq!(found(url).as_deref(), password, "{url}");
        }
    }

    #[test]
    fn a_file_that_others_can_read_is_refused_and_one_of_a_variable_need_not_be_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("passwords");
        let config = "postgres://me@db/headway".parse::<Config>().expect("an address");
        let said = password(&config, Some(&file), None).expect_err("it is not there").message;
        assert!(said.contains("passwords"), "{said}");
        assert_eq!(password(&config, None, Some(&file)).expect("no password"), None);
        std::fs::write(&file, "*:*:*:*:secret\n").expect("a file");
        for (mode, is_read) in [(0o644, false), (0o640, false), (0o600, true), (0o400, true)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("a mode");
            for (named, variable) in [(Some(&*file), None), (None, Some(&*file))] {
                match password(&config, named, variable) {
                    Ok(found) => assert!(is_read && found.as_deref() == Some("secret"), "{mode:o}"),
                    Err(error) => assert!(!is_read && !error.message.contains("secret"), "{mode:o}: {}", error.message),
                }
            }
        }
    }
}
