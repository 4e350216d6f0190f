//! Second factors, stored and given as the journey does.

use model::browser_session::{Amr, Authentication};
use model::client::ClientSettings;
use model::interaction::{Answers, Outcome};
use model::totp::TotpSeed;
use model::{ClientId, InteractionId, UserId};
use std::time::Duration;
use storage::clients::{NewClient, Source};
use storage::second_factors::{NewTotp, set_totp};

use super::browser::TestBrowser;
use super::{Answer, TestProvider};

impl TestProvider {
    /// The person set up an authenticator app.
    pub(crate) fn has_an_app(&self, user: &UserId) {
        let entropy = &*self.provider.entropy;
        let seed = TotpSeed::mint(entropy);
        let new = NewTotp::seal(&seed, 1, user, &self.provider.keyring, entropy);
        let user = user.clone();
        self.write(move |tx| set_totp(tx, &user, &new));
    }

    /// An operator changes a client, and every node has heard of it.
    pub(crate) fn change_client(&self, id: &str, change: impl FnOnce(&mut ClientSettings)) {
        let id = ClientId::parse(id).unwrap();
        let wanted = id.clone();
        let found = self.write(move |tx| storage::clients::find(tx, &wanted));
        let mut client = found.unwrap().client;
        change(&mut client.settings);
        self.write(move |tx| {
            let new = NewClient {
                id: &id,
                settings: &client.settings,
                credential: &client.credential,
                source: Source::File,
                source_digest: None,
            };
            storage::clients::replace(tx, &new)
        });
        self.clock.advance(Duration::from_secs(6));
    }
}

impl TestBrowser<'_> {
    /// The person says "Not now", and comes back with this outcome.
    pub(crate) async fn decline(&mut self, asked: &Answer, outcome: Outcome) -> Answer {
        let id = asked.header("location").unwrap();
        let id = id.strip_prefix("/sign-in/email?i=").unwrap();
        let id = InteractionId::parse(id).unwrap();
        let answers = Answers {
            declined_second_factor: true,
            ..Answers::default()
        };
        let is_kept = self
            .app
            .write(move |tx| storage::interactions::replace_answers(tx, &id, &answers));
        assert!(is_kept);
        self.end(asked, outcome).await
    }
}

/// The person stepped an authentication up with their app now.
pub(crate) fn stepped_up(app: &TestProvider, authentication: &Authentication) -> Outcome {
    let now = app.now();
    Outcome::SignedIn {
        authentication: authentication.clone().with_second_factor(Amr::Otp, now),
        selected_at: now,
    }
}
