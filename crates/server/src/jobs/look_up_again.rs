//! Looks for the teaching records of people who were not found before.

use journey::look_up_again::{LookedUp, look_up_next};
use storage::StorageError;
use tokio::sync::watch;

use super::Jobs;

/// Most people in one run: the other jobs wait for its end.
const PEOPLE: usize = 20;

/// Looks for everybody who is due, one after another, while the records answer and the process is
/// not to stop.
pub(super) async fn run(jobs: &Jobs, stopping: &watch::Receiver<bool>) -> Result<(), StorageError> {
    for _ in 0..PEOPLE {
        if *stopping.borrow() {
            break;
        }
        match look_up_next(&jobs.journey, jobs.lease).await? {
            LookedUp::Somebody => {}
            LookedUp::Nobody | LookedUp::Unavailable => break,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::keyring::Purpose;
    use model::trn_lookup::{
        LookupSource, MatchPolicy, POLICY_VERSION, TrnLookupStatus, TrnOutcome,
    };
    use model::{
        DateOfBirth, EmailAddress, NamePart, PersonName, Secret, SystemEntropy, TeacherDetails,
        UserId,
    };
    use storage::trn_links::{self, NewLink};
    use storage::user_details::{self, NewDetails};
    use storage::users;

    use super::*;
    use crate::config::teacher_records::{RecordsApi, RecordsSource};
    use crate::testing::Scene;

    /// An account whose person is to be looked for.
    async fn with_somebody_due(jobs: &Jobs, name: &str) {
        let address = EmailAddress::parse(&format!("{name}@example.test")).unwrap();
        let id = UserId::new(name.to_owned());
        let details = TeacherDetails {
            name: Some(PersonName {
                first: NamePart::parse(name).ok(),
                middle: None,
                last: NamePart::parse("Lovell").unwrap(),
            }),
            date_of_birth: DateOfBirth::from_iso("1985-06-14"),
            ..TeacherDetails::default()
        };
        let keyring = jobs.journey.keyring.clone();
        let plaintext = serde_json::to_vec(&details).unwrap();
        let new = NewDetails {
            sealed: keyring.seal(Purpose::Details, name, &plaintext, &SystemEntropy),
            has_profile: true,
            national_insurance_asked: true,
            person_digest: None,
        };
        let not_found = TrnOutcome {
            status: TrnLookupStatus::None,
            trn: None,
            level: None,
            policy: MatchPolicy::Default,
            policy_version: POLICY_VERSION,
            agreed: Vec::new(),
            source: LookupSource::Lookup,
            is_unavailable: true,
        };
        let stored = jobs.store.write(move |tx| {
            users::sign_in(tx, &address, &id)?;
            user_details::replace(tx, &id, &new)?;
            let link = NewLink::seal(&not_found, &id, Some(tx.now()), &keyring, &SystemEntropy);
            trn_links::replace(tx, &id, &link)
        });
        stored.await.unwrap();
    }

    async fn is_anybody_due(jobs: &Jobs) -> bool {
        let claim = jobs
            .store
            .write(|tx| trn_links::claim(tx, Duration::from_secs(60)));
        claim.await.unwrap().is_some()
    }

    #[actix_web::test]
    async fn everybody_who_is_due_is_looked_for() {
        let jobs = Scene::new().jobs();
        let (_stop, stopping) = watch::channel(false);
        for name in ["ada", "bob", "cyd"] {
            with_somebody_due(&jobs, name).await;
        }

        run(&jobs, &stopping).await.unwrap();

        assert!(!is_anybody_due(&jobs).await);
    }

    #[actix_web::test]
    async fn nobody_else_is_looked_for_while_the_records_cannot_be_asked() {
        let mut scene = Scene::new();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let nobody = format!("http://{}", free.local_addr().unwrap());
        drop(free);
        scene.config.teacher_records.source = RecordsSource::Http(RecordsApi {
            base_url: nobody.parse().unwrap(),
            api_key: Secret::new("key".to_owned()),
            version: "20260120".to_owned(),
            timeout: Duration::from_secs(5),
        });
        let jobs = scene.jobs();
        let (_stop, stopping) = watch::channel(false);
        for name in ["ada", "bob"] {
            with_somebody_due(&jobs, name).await;
        }

        run(&jobs, &stopping).await.unwrap();

        assert!(is_anybody_due(&jobs).await);
        assert!(!is_anybody_due(&jobs).await);
    }

    #[actix_web::test]
    async fn nobody_is_looked_for_any_more_when_the_process_stops() {
        let jobs = Scene::new().jobs();
        let (stop, stopping) = watch::channel(false);
        with_somebody_due(&jobs, "ada").await;
        stop.send_replace(true);

        run(&jobs, &stopping).await.unwrap();

        assert!(is_anybody_due(&jobs).await);
    }
}
