//! The names that jobs gave the folder of a library, or one inside or around it.

use std::sync::Arc;

use super::Context;
use super::panicked::Panicked;
use headway_files::{KnownAs, Library, unable};
use headway_recipes::Unable;

/// Reads them from the data folder.
pub(super) async fn known_names(context: &Context, library: &Arc<Library>) -> Result<Arc<[KnownAs]>, Unable> {
    let (data, library) = (Arc::clone(&context.data), Arc::clone(library));
    let known = tokio::task::spawn_blocking(move || data.known_as(&library));
    let names = known.await.map_err(Panicked::from)?;
    Ok(names.map_err(|error| unable("what is known of the libraries cannot be read", &error))?.into())
}
