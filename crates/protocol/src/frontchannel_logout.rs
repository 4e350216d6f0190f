//! Telling clients that a session is over, through the browser (OpenID Connect Front-Channel
//! Logout 1.0 §3): the page that ends the session loads a page of each of them in a frame.

use model::ClientId;
use pages::Shell;
use storage::StorageError;
use url::Url;

use crate::provider::Provider;

/// What the page of a session that ended loads.
pub(crate) async fn frames(
    provider: &Provider,
    clients: &[ClientId],
    sid: &str,
) -> Result<Vec<Url>, StorageError> {
    let mut frames = Vec::new();
    for id in clients {
        let Some(client) = provider.clients.find(id.as_str()).await? else {
            continue;
        };
        let settings = &client.settings;
        let Some(mut frame) = settings.frontchannel_logout_uri.clone() else {
            continue;
        };
        if settings.frontchannel_logout_session_required {
            frame
                .query_pairs_mut()
                .append_pair("iss", provider.issuer.as_str())
                .append_pair("sid", sid);
        }
        frames.push(frame);
    }
    Ok(frames)
}

/// The shell of a page with these frames: it may load from their origins and from no other.
pub(crate) fn shell_around(frames: &[Url]) -> Shell {
    let mut shell = Shell::default();
    let origins = frames.iter().map(|url| url.origin().ascii_serialization());
    shell.frame_src = origins.collect();
    shell.frame_src.sort();
    shell.frame_src.dedup();
    shell
}

#[cfg(test)]
mod tests;
