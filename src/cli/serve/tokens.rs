//! The secrets of a server, from the files that the settings name.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, bail};

use super::ServeCommand;
use crate::web::Tokens;
use headway_server::named_file;

const SHORTEST: usize = 16;

impl ServeCommand {
    /// The secrets of a server that listens at this address.
    pub(super) fn tokens(&self, listen: SocketAddr) -> anyhow::Result<Tokens> {
        let all = self.token_file.as_deref().map(token).transpose()?;
        let reading = self.read_token_file.as_deref().map(token).transpose()?;
        if all.is_none() && !listen.ip().is_loopback() {
            bail!(
                "{listen} can be reached from other machines, so a secret is needed: write one to a file (openssl rand -hex 32 > token) and pass it with --token-file"
            );
        }
        if all.is_none() && reading.is_some() {
            bail!("--read-token-file needs --token-file: without it, everyone can change everything");
        }
        if all.is_some() && all == reading {
            bail!("the read-only token is the same as the other, so its holders could change things");
        }
        Ok(Tokens { all, reading })
    }
}

fn token(path: &Path) -> anyhow::Result<String> {
    let text = named_file::read_text(path).with_context(|| format!("cannot read the token file {}", path.display()))?;
    let token = text.trim().to_owned();
    if token.len() < SHORTEST || !token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)) {
        bail!(
            "the token in {} must have at least {SHORTEST} letters, digits or -_.~ (create one with openssl rand -hex 32)",
            path.display()
        );
    }
    Ok(token)
}
