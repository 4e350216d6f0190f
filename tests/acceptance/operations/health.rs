//! What load balancers are told of a node whose database is gone or silent.

use acceptance::{Deployment, Gate, Kind, Passage};
use serde_json::json;
use url::Url;

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_not_ready_while_its_database_is_gone_or_does_not_answer() {
    for (passage, connection_timeout, health_timeout) in [
        // The database's own refusal comes first, then the end of our patience.
        (Passage::Closed, "1s", "60s"),
        (Passage::Held, "60s", "1s"),
    ] {
        let mut deployment = Deployment::without_mail(Kind::Postgres);
        let (gate, url) = gate_before(deployment.database_url()).await;
        deployment.set("database.url", &url);
        deployment.set("database.connection_timeout", connection_timeout);
        deployment.set("database.health_timeout", health_timeout);
        let node = deployment.start();
        let wire = node.wire();
        let ready = async || {
            let answer = wire.get("/health/ready").await;
            (answer.status.as_u16(), answer.json())
        };
        assert_eq!(ready().await, (200, json!({ "status": "ready" })));

        gate.set(passage);

        let not_ready = json!({ "status": "not_ready", "reasons": ["database"] });
        assert_eq!(ready().await, (503, not_ready), "{passage:?}");
        assert_eq!(wire.get("/health/live").await.status, 200);

        gate.set(Passage::Open);
        assert_eq!(ready().await, (200, json!({ "status": "ready" })));
    }
}

/// A gate before the database at that URL, and the URL of the database behind it.
async fn gate_before(url: &str) -> (Gate, String) {
    let mut url = Url::parse(url).unwrap();
    let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
    let server = tokio::net::lookup_host(address)
        .await
        .unwrap()
        .next()
        .unwrap();
    let gate = Gate::before(server).await;
    url.set_ip_host(gate.address().ip()).unwrap();
    url.set_port(Some(gate.address().port())).unwrap();
    (gate, url.into())
}
