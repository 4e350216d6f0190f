//! What the service that asked shows of itself: its logo, its privacy notice and its terms.

use model::client_links::ClientLinks;
use storage::{StorageError, clients};

use crate::journey::Journey;
use crate::stage::Stage;

/// What the client of an interaction registered; nothing when it is gone meanwhile.
pub(crate) async fn load(journey: &Journey, stage: &Stage) -> Result<ClientLinks, StorageError> {
    let client_id = stage.interaction.client_id.clone();
    let find = journey.store.read(move |tx| clients::find(tx, &client_id));
    let stored = find.await?;
    Ok(stored.map_or_else(ClientLinks::default, |stored| {
        ClientLinks::of(&stored.client.settings)
    }))
}

/// Everything that can be shown.
pub(crate) fn sample() -> ClientLinks {
    let at = |path: &str| format!("https://service.example/{path}").parse().ok();
    ClientLinks {
        logo_uri: at("logo.png"),
        policy_uri: at("privacy"),
        tos_uri: at("terms"),
    }
}
