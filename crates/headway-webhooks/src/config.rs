//! The sections `[[webhook]]` of `headway.toml`.

use std::path::{Path, PathBuf};

use headway_model::text::{WrongAt, invalid_name, lines_at};
use serde::Deserialize;
use toml::Spanned;

use crate::message::WebhookEvent;
use crate::secret::Secret;

/// A webhook: where messages go, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its name: letters, digits, `-` and `_`.
    pub name: String,
    /// Where messages go.
    pub target: WebhookTarget,
    /// The kinds that it wants.
    pub events: Vec<WebhookEvent>,
}

/// Where messages go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookTarget {
    /// To a URL, by POST.
    Url {
        /// The URL, `http` or `https`.
        url: String,
        /// The secrets that sign a message.
        secrets: Vec<Secret>,
    },
    /// To a program, on its standard input.
    Command(Vec<String>),
}

/// The file as far as it is read here.
#[derive(Deserialize)]
struct WebhookSections {
    #[serde(default)]
    webhook: Vec<Spanned<WebhookSection>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookSection {
    name: Spanned<String>,
    url: Option<Spanned<String>>,
    command: Option<Spanned<Vec<String>>>,
    events: Option<Spanned<Vec<String>>>,
    secret_file: Option<Spanned<PathBuf>>,
}

/// Reads the webhooks of a file. Blocking.
///
/// # Errors
/// Everything that is wrong with them, each in a line with its place.
pub fn read(path: &Path) -> Result<Vec<Webhook>, String> {
    let text = headway_files::named_file::read_text(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let file: WebhookSections = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let (mut webhooks, mut wrong) = (Vec::<Webhook>::new(), Vec::new());
    for section in file.webhook {
        let at = section.span().start;
        let section = section.into_inner();
        if webhooks.iter().any(|other| other.name == *section.name.get_ref()) {
            wrong.push((section.name.span().start, format!("two webhooks are called {:?}", section.name.get_ref())));
        }
        match section.webhook(at, path) {
            Ok(webhook) => webhooks.push(webhook),
            Err(more) => wrong.extend(more),
        }
    }
    if wrong.is_empty() {
        return Ok(webhooks);
    }
    Err(lines_at(&path.display().to_string(), &text, "webhook", wrong))
}

impl WebhookSection {
    fn webhook(self, at: usize, file: &Path) -> Result<Webhook, Vec<WrongAt>> {
        let mut wrong = Vec::new();
        let name = self.name.get_ref();
        if let Some(why) = invalid_name(name) {
            wrong.push((self.name.span().start, why));
        }
        let events = kinds(self.events.as_ref()).map_err(|more| wrong.extend(more)).ok();
        let target = self.target(at, file).map_err(|more| wrong.push(more)).ok();
        match (events, target) {
            (Some(events), Some(target)) if wrong.is_empty() => {
                Ok(Webhook { name: self.name.into_inner(), target, events })
            }
            _ => Err(wrong),
        }
    }

    fn target(&self, at: usize, file: &Path) -> Result<WebhookTarget, WrongAt> {
        match (&self.url, &self.command) {
            (Some(url), None) => {
                let parsed = reqwest::Url::parse(url.get_ref());
                if !parsed.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
                    let why = format!("invalid url {:?}; write https://example.org/hook", url.get_ref());
                    return Err((url.span().start, why));
                }
                let Some(secret) = &self.secret_file else {
                    let why = "secret_file is missing, the file with the secret that signs each message; make one with: headway webhooks secret > FILE";
                    return Err((at, why.into()));
                };
                let path = file.parent().unwrap_or(Path::new("")).join(secret.get_ref());
                let secrets = Secret::read(&path).map_err(|why| (secret.span().start, why))?;
                Ok(WebhookTarget::Url { url: url.get_ref().clone(), secrets })
            }
            (None, Some(command)) => match command.get_ref().first() {
                Some(program) if !program.is_empty() => Ok(WebhookTarget::Command(command.get_ref().clone())),
                _ => Err((command.span().start, "command is empty; write the program and its arguments".into())),
            },
            (None, None) => Err((at, "url or command is missing".into())),
            (Some(_), Some(command)) => Err((command.span().start, "it has a url and a command; give one".into())),
        }
    }
}

/// The kinds that a webhook wants; by default all.
fn kinds(events: Option<&Spanned<Vec<String>>>) -> Result<Vec<WebhookEvent>, Vec<WrongAt>> {
    let Some(events) = events else { return Ok(WebhookEvent::ALL.to_vec()) };
    let kind = |name: &String| {
        WebhookEvent::of_name(name).ok_or_else(|| {
            let names: Vec<_> = WebhookEvent::ALL.iter().map(|kind| kind.name()).collect();
            (events.span().start, format!("unknown event {name:?}; known: {}", names.join(", ")))
        })
    };
    let (known, unknown): (Vec<_>, Vec<_>) = events.get_ref().iter().map(kind).partition(Result::is_ok);
    if events.get_ref().is_empty() {
        return Err(vec![(events.span().start, "events is empty; leave it out for all of them".into())]);
    }
    if unknown.is_empty() {
        Ok(known.into_iter().flatten().collect())
    } else {
        Err(unknown.into_iter().filter_map(Result::err).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<Webhook>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("secret"), crate::generate()).expect("a secret");
        let file = folder.path().join("headway.toml");
        std::fs::write(&file, text).expect("a file");
        read(&file).map_err(|why| why.replace(&format!("{}/", folder.path().display()), ""))
    }

    #[test]
    fn a_url_is_signed_and_a_command_needs_no_secret() {
        let webhooks = parsed(
            "[[webhook]]\nname = \"ops\"\nurl = \"https://example.org/hook\"\nsecret_file = \"secret\"\nevents = [\"job.ended\"]\n\
             [[webhook]]\nname = \"desk\"\ncommand = [\"cat\"]\n",
        )
        .expect("webhooks");
        assert!(matches!(&webhooks[0].target, WebhookTarget::Url { secrets, .. } if secrets.len() == 1));
        assert_eq!(webhooks[0].events, [WebhookEvent::Ended]);
        assert_eq!(webhooks[1].events, WebhookEvent::ALL);
    }

    #[test]
    fn all_errors_are_reported_at_once_with_their_place() {
        let wrong = parsed(
            "[[webhook]]\nname = \"a b\"\nurl = \"ftp://x\"\n\
             [[webhook]]\nname = \"c\"\nurl = \"http://x\"\n\
             [[webhook]]\nname = \"d\"\ncommand = []\nevents = [\"job.done\"]\n\
             [[webhook]]\nname = \"e\"\nurl = \"http://x\"\nsecret_file = \"none\"\n\
             [[webhook]]\nname = \"f\"\n",
        );
        let lines = wrong.expect_err("errors");
        for (number, (line, said)) in [
            ("2:8", "invalid name \"a b\""),
            ("3:7", "invalid url \"ftp://x\""),
            ("4:1", "secret_file is missing"),
            ("10:10", "unknown event \"job.done\"; known: job.created"),
            ("9:11", "command is empty"),
            ("14:15", "none: No such file"),
            ("15:1", "url or command is missing"),
        ]
        .into_iter()
        .enumerate()
        {
            let found = lines.lines().nth(number).unwrap_or_default();
            assert!(found.starts_with(&format!("headway.toml:{line}: webhook: {said}")), "{found}\n{lines}");
        }
        assert_eq!(lines.lines().count(), 7, "{lines}");
    }
}
