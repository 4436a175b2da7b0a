//! `headway webhooks`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use headway_webhooks::{Delivery, Sender, Webhook, WebhookProgress};

use super::failure::{CommandFailure, CommandResult, NO};
use super::{config_file, default_data, out};

/// List and try the webhooks of headway.toml, which tell other programs what happens to jobs
///
/// Example:
///
/// ```sh
/// headway webhooks secret
/// ```
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct WebhooksCommand {
    #[command(subcommand)]
    command: WebhookCommand,
}

#[derive(Debug, Subcommand)]
enum WebhookCommand {
    /// List the webhooks, with what each has delivered and what it is waiting for
    ///
    /// Example:
    ///
    /// ```sh
    /// headway webhooks list
    /// ```
    #[command(verbatim_doc_comment)]
    List {
        #[command(flatten)]
        file: ConfigArguments,
        /// The data folder of the server
        #[arg(long, value_name = "FOLDER", default_value_os_t = default_data(), env = "HEADWAY_DATA")]
        data: PathBuf,
    },
    /// Send one test message, and show the receiver's answer
    ///
    /// Example:
    ///
    /// ```sh
    /// headway webhooks test ops
    /// ```
    #[command(verbatim_doc_comment)]
    Test {
        /// The name of the webhook
        name: String,
        #[command(flatten)]
        file: ConfigArguments,
    },
    /// Print a new secret, for the file that `secret_file` names
    ///
    /// Example:
    ///
    /// ```sh
    /// headway webhooks secret
    /// ```
    #[command(verbatim_doc_comment)]
    Secret,
}

#[derive(Debug, Args)]
struct ConfigArguments {
    /// A file with webhooks (docs/webhooks.md)
    #[arg(long, value_name = "FILE", env = "HEADWAY_CONFIG")]
    config: Option<PathBuf>,
}

/// Runs the command.
pub(super) async fn webhooks(arguments: WebhooksCommand) -> CommandResult {
    match arguments.command {
        WebhookCommand::List { file, data } => {
            let webhooks = configured(file.config.as_deref())?;
            let others: Vec<_> = WebhookProgress::names(&data)?
                .into_iter()
                .filter(|name| webhooks.iter().all(|webhook| webhook.name != *name))
                .collect();
            if webhooks.is_empty() && others.is_empty() {
                out::line("No webhook is configured; docs/webhooks.md says how.")?;
            }
            webhooks.iter().try_for_each(|webhook| out::line(&listed(&webhook.name, &data)))?;
            for name in others {
                out::line(&format!(
                    "{} (not in this file of settings; name the server's with --config)",
                    listed(&name, &data)
                ))?;
            }
            Ok(0)
        }
        WebhookCommand::Test { name, file } => {
            let webhooks = configured(file.config.as_deref())?;
            let Some(webhook) = webhooks.iter().find(|webhook| webhook.name == name) else {
                let names: Vec<_> = webhooks.iter().map(|webhook| webhook.name.as_str()).collect();
                let text = format!("there is no webhook {name:?}; there are: {}", names.join(", "));
                return Err(CommandFailure::new(NO, text));
            };
            match headway_webhooks::send_test(webhook, &sender()?).await {
                Delivery::Delivered => out::line("delivered").map(|()| 0),
                Delivery::Failed { why, .. } | Delivery::Gone(why) => {
                    Err(CommandFailure::new(NO, format!("not delivered: {why}")))
                }
            }
        }
        WebhookCommand::Secret => out::line(&headway_webhooks::generate()).map(|()| 0),
    }
}

/// The webhooks of the file of settings.
pub(super) fn configured(config: Option<&Path>) -> Result<Vec<Webhook>, CommandFailure> {
    let place = config_file(config)?;
    let webhooks = place.as_deref().map(headway_webhooks::read).transpose();
    Ok(webhooks.map_err(|why| CommandFailure::new(NO, why))?.unwrap_or_default())
}

/// The sender of messages.
pub(super) fn sender() -> Result<Sender, CommandFailure> {
    Sender::new().map_err(|error| CommandFailure::new(NO, format!("cannot send to webhooks: {error}")))
}

/// A line about a webhook.
fn listed(name: &str, data: &Path) -> String {
    match WebhookProgress::read(data, name) {
        Err(error) => format!("{name}: its progress cannot be read: {error}"),
        Ok(None) => format!("{name}: has not run yet"),
        Ok(Some(progress)) => {
            let mut parts = vec![format!("{} delivered", progress.delivered)];
            parts.extend(
                progress.pending.map(|pending| {
                    format!("{} waits after {} attempts: {}", pending.id, pending.attempts, pending.why)
                }),
            );
            parts.extend(progress.disabled.map(|why| format!("off until the next start: {why}")));
            parts.extend(
                progress
                    .gave_up
                    .last()
                    .map(|last| format!("gave up {}, the last one {}: {}", progress.gave_up.len(), last.id, last.why)),
            );
            format!("{name}: {}", parts.join("; "))
        }
    }
}
